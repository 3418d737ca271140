#!/usr/bin/env python3
"""What a look at the text can tell about style: layout, length, words, and constructs the project does without."""
import ast
import os
import re
import shutil
import subprocess

from project import ROOT, Tap, code, files, is_c, lines_with, read

TOP = {"app", "lib", "ebpf", "conf", "tests", "perf", "meson.build", "meson_options.txt", "README.md", "LICENSE"}

MAX_LINES = 400
# Files that may be longer, each with the reason.
LONGER = {}

# Spelt in two halves so that this file may hold them.
WORDS = "|".join(a + b for a, b in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK")))


def layout(names):
    """Faults that clang-format finds, one a file."""
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", *names], cwd=ROOT, capture_output=True, text=True)
    bad = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error:", run.stderr, re.M)))
    if run.returncode != 0 and not bad:
        return run.stderr.strip().split("\n")
    return [f"{n}: clang-format -i {n}" for n in bad]


def is_script(name):
    with open(os.path.join(ROOT, name), "rb") as f:
        return f.read(2) == b"#!"


def script_faults(name, text):
    first = text.split("\n", 1)[0]
    if not os.access(os.path.join(ROOT, name), os.X_OK):
        yield f"{name}: has no executable bit"
    if first == "#!/usr/bin/env python3":
        return
    if first not in ("#!/bin/bash", "#!/usr/bin/env bash"):
        yield f"{name}: begins with {first}"
    run = subprocess.run(["bash", "-n", os.path.join(ROOT, name)], capture_output=True, text=True)
    if run.returncode != 0:
        yield f"{name}: {run.stderr.strip()}"


def python_faults(name, text):
    try:
        ast.parse(text)
    except SyntaxError as e:
        yield f"{name}:{e.lineno}: {e.msg}"


def untested(texts):
    """Files of lib/ without a test of their name, of the first part of their name, or that includes their header."""
    tests = {n: t for n, t in texts.items() if n.startswith("tests/unit/") and n.endswith(".c")}
    for n in texts:
        parts = n.split("/")
        if parts[0] != "lib" or len(parts) < 3 or not n.endswith(".c"):
            continue
        folder, words = "/".join(parts[1:-1]), parts[-1][:-2].split("_")
        named = {f"tests/unit/{folder}/test_{'_'.join(words[:i])}.c" for i in range(1, len(words) + 1)}
        header = f'#include "{folder}/{parts[-1][:-2]}.h"'
        if not named & set(tests) and not any(header in t for t in tests.values()):
            yield f"{n}: there is no tests/unit/{folder}/test_{parts[-1]}"


def unbuilt(names):
    """C files that no meson.build names."""
    builds = "\n".join(read(n) or "" for n in names if os.path.basename(n) == "meson.build")
    for n in names:
        base = os.path.basename(n)
        stem = re.sub(r"^fuzz_|\.c$", "", base)
        if n.endswith(".c") and base not in builds and not (base.startswith("fuzz_") and f"'{stem}'" in builds):
            yield f"{n}: no meson.build names it"


def main():
    tap = Tap()
    names = files()
    sources = {n: read(n) or "" for n in names if is_c(n)}
    bare = {n: code(t) for n, t in sources.items()}
    texts = {n: t for n in names if (t := read(n)) is not None}
    own = {n: t for n, t in texts.items() if "/corpus/" not in n and not n.endswith((".expected", ".jsonl"))}
    scripts = {n: t for n, t in own.items() if is_script(n)}

    def each(pattern, among, what):
        return [f"{n}:{line}: {what}" for n, t in among.items() for line in lines_with(pattern, t)]

    tap.check("the check sees code and passes over comments and strings",
              [] if code('int a; // volatile\nchar *b = "volatile";').count("volatile") == 0
              and code("volatile int a;").count("volatile") == 1 else ["it did not"])
    if shutil.which("clang-format"):
        tap.check("clang-format would change nothing", layout(sorted(sources)))
    else:
        tap.skip("clang-format would change nothing", "clang-format is not installed")
    tap.check("nothing is left for later", each(rf"\b({WORDS})\b", own, "unfinished"))
    tap.check(f"no source is longer than {MAX_LINES} lines",
              [f"{n}: {t.count(chr(10))} lines" for n, t in own.items()
               if (is_c(n) or n.endswith(".py") or n in scripts) and t.count("\n") > MAX_LINES and n not in LONGER])
    # `const volatile` is how a BPF program names what its loader fills in.
    tap.check("nothing is volatile", each(r"(?<!__asm__ )(?<!asm )\bvolatile\b", {
        n: t.replace("const volatile", "const") if n.startswith("ebpf/") or ".bpf." in n else t for n, t in bare.items()}, "volatile"))
    tap.check("no variable is extern", each(r"\bextern\b(?![^\n]*\()", bare, "an extern variable"))
    tap.check("no structure hides behind a typedef", each(r"\btypedef\s+(struct|union|enum)\b", bare, "typedef of a structure"))
    tap.check("every header says #pragma once",
              [n for n, t in sources.items() if n.endswith(".h") and "\n#pragma once\n" not in "\n" + t])
    tap.check("every source begins with what it is about", [n for n, t in sources.items() if not t.startswith("//")])
    tap.check("text ends with a newline and lines without blanks",
              [n for n, t in own.items() if t and not t.endswith("\n")] + each(r"[ \t]+$", own, "trailing blanks"))
    tap.check("scripts run", [f for n, t in scripts.items() for f in script_faults(n, t)])
    tap.check("Python parses", [f for n, t in own.items() if n.endswith(".py") for f in python_faults(n, t)])
    tap.check("every file of lib/ has its unit test", untested(sources))
    tap.check("every C file is built", unbuilt(names))
    tap.check("the top level holds what it should",
              sorted({n.split("/")[0] for n in names} - TOP - {n for n in {m.split("/")[0] for m in names} if n.startswith(".")}))
    tap.end()


if __name__ == "__main__":
    main()
