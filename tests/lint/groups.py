#!/usr/bin/env python3
"""Every group of refusals that the readers and compilers of rules can name stands just once in lib/match/rules/rule_group.c."""
import re

from project import TOKEN, Tap, files, read

STRING = r'"(?:\\.|[^"\\])*"'


def source(name):
    """C text without comments, literals kept."""
    return TOKEN.sub(lambda m: m.group() if m.group()[0] in "\"'" else " ", read(name))


def closing(text, at):
    """Where the bracket that opens at `at` closes, and the places of the commas between."""
    depth, commas, i = 0, [], at
    while i < len(text):
        quoted = re.compile(STRING + r"|'(?:\\.|[^'\\])*'").match(text, i)
        if quoted:
            i = quoted.end()
            continue
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i, commas
        if text[i] == "," and depth == 1:
            commas.append(i)
        i += 1
    raise ValueError("a bracket is not closed")


def parts(text, at):
    """What stands between the commas of the brackets that open at `at`."""
    end, commas = closing(text, at)
    cuts = [at, *commas, end]
    return [text[a + 1:b].strip() for a, b in zip(cuts, cuts[1:])]


class Source:
    def __init__(self, name, macros):
        self.name, self.text, self.macros = name, source(name), macros

    def literal(self, expr, given=None):
        """The text of adjacent literals and macros; None: it is something else."""
        out = ""
        for word in re.findall(STRING + r"|\w+|\S", expr):
            if word[0] == '"':
                out += word[1:-1]
            elif given and word == given[0]:
                out += given[1]
            elif word in self.macros:
                out += self.macros[word]
            else:
                return None
        return out or None

    def rows(self, name):
        """The last literal in each row of the arrays of this name in this file."""
        arrays = re.finditer(rf"\b{name}\[[^\]]*\]\s*=\s*\{{", self.text)
        found = set()
        for row in (row for m in arrays for row in parts(self.text, m.end() - 1)):
            macro = re.fullmatch(r"(\w+)\((.*)\)", row, re.S)
            # #define KEYWORD(n) { n, "keyword " n }
            form = macro and re.search(rf"#define {macro[1]}\((\w+)\)\s*\\\s*\{{(.*?)\}}", self.text, re.S)
            if form:
                found.add(self.literal(parts("{" + form[2] + "}", 0)[-1], (form[1], self.literal(macro[2]))))
            elif row.startswith("{"):
                found.add(self.literal(parts(row, 0)[-1]) if parts(row, 0)[-1:] != ["NULL"] else None)
            else:
                found.add(self.literal(row.split("=")[-1]))
        return found - {None}

    def expression(self, expr):
        """The groups that an expression may be."""
        alone = self.literal(expr)
        if alone is not None:
            return {alone}
        array = re.fullmatch(r"(?:\w+->)?(\w+)\[.*\](?:\.group)?", expr)
        return self.rows(array[1]) if array else set()


def callers(sources):
    """(file or None for any, function, number of its parameter `group`) of all that take one."""
    for s in sources:
        for m in re.finditer(r"^(static )?[\w *]*?\n?\b(\w+)\(", s.text, re.M):
            params = parts(s.text, m.end() - 1)
            for i, p in enumerate(params):
                if re.fullmatch(r"const char \*group", p):
                    yield s if m[1] else None, m[2], i


def groups(sources):
    found = {}

    def add(s, names):
        for name in names:
            found.setdefault(name, s.name)

    takers = set(callers(sources))
    for s in sources:
        for of, function, number in takers:
            if of is not None and of is not s:
                continue
            for m in re.finditer(rf"\b{function}\(", s.text):
                args = parts(s.text, m.end() - 1)
                if len(args) > number and not args[number].startswith("const char"):
                    add(s, s.expression(args[number]))
        for m in re.finditer(rf"\bgroup(?:\[\])?\s*=\s*((?:{STRING}|\w+)+)", s.text):
            add(s, s.expression(m[1]))
        for m in re.finditer(r"\breturn (\w+\[\w+\]\.group);", s.text):
            add(s, s.expression(m[1]))
        for m in re.finditer(r"\bbsearch\(\s*&\w+, (\w+),", s.text):
            add(s, s.rows(m[1]))
        for m in re.finditer(r"\bgroup_of\(const [^)]*\)\s*\{", s.text):
            end = closing(s.text, m.end() - 1)[0]
            for r in re.finditer(rf"return ({STRING});", s.text[m.end():end]):
                add(s, s.expression(r[1]))
    return found


def stands_for(name, group):
    return group.startswith(name[:-1]) if name.endswith("*") else group == name


def main():
    tap, names = Tap(), [n for n in files() if re.fullmatch(r"lib/match/(\w+/)?\w+\.[ch]", n)]
    macros = {}
    for n in names:
        for m in re.finditer(rf"^#define (\w+) ({STRING})$", source(n), re.M):
            macros[m[1]] = m[2][1:-1]
    found = groups([Source(n, macros) for n in names if not n.endswith("rule_group.c")])
    table = re.findall(r'\{"([^"]+)", (?:true|false)\}', source("lib/match/rules/rule_group.c"))
    tap.check("many groups are found: of calls, tables and macros", [
        f"{g} is not" for g in ("syntax", "keyword urilen", "sticky buffer http.uri", "content modifier http_uri", "pcre modifier U",
                                "action pass", "flow option no_frag", "address", "duplicate_id", "duplicate sid", "too_large", "extension",
                                "compile", "limit", "bad option", "unsupported", "pcre: lookaround", "stream: too far apart")
        if g not in found])
    tap.check("each group of refusals stands once in lib/match/rules/rule_group.c", [
        f"{found[g]}: '{g}' stands {n} times" for g in sorted(found) if (n := sum(stands_for(t, g) for t in table)) != 1])
    tap.check("lib/match/rules/rule_group.c has no group that nothing is refused under", [
        f"'{t}'" for t in table if not any(stands_for(t, g) for g in found)])
    tap.end()


if __name__ == "__main__":
    main()
