// Joins lines that a backslash continues, tells rules from comments and variables, and accounts for
// each rule once.

#include "snort_file.h"

#include "match/rules/rule_text.h"
#include "snort_lines.h"
#include "snort_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct loader {
	struct snort_rules *out;
	struct snort_scope scope;
	struct snort_parser *parser;
	uint32_t first_refusal;
	struct err *err;
};

static const char *name_of(const struct loader *l) {
	return l->out->files[l->out->n_files - 1];
}

static int fail_memory(const struct loader *l) {
	return err_set(l->err, -ENOMEM, "%s: out of memory", name_of(l));
}

static int
refuse(struct loader *l, const struct snort_line *line, const struct snort_fault *fault) {
	if (l->out->n_refusals - l->first_refusal >= RULESET_REFUSED_MAX)
		return err_set(
			l->err, -E2BIG, "%s:%u: more than %u lines refused: is this a rule file?",
			name_of(l), line->number, RULESET_REFUSED_MAX
		);
	uint32_t sid = snort_lex_sid(line->text);
	if (snort_rules_refuse(l->out, line->number, sid, fault->group, fault->reason.text) < 0)
		return fail_memory(l);
	return 0;
}

static int keep(struct loader *l, const struct snort_line *line, struct snort_rule *rule) {
	rule->line = line->number;
	if (snort_rules_add(l->out, rule) == 0)
		return 0;
	snort_rule_fini(rule);
	return fail_memory(l);
}

static int read_rule(struct loader *l, const struct snort_line *line) {
	struct snort_fault fault;
	struct snort_rule rule;
	int ret = -EINVAL;
	if (line->too_long)
		snort_refuse(
			&fault, SNORT_LIMIT, "a rule of more than %u octets", SNORT_RULE_SIZE_MAX
		);
	else if (l->out->n_rules >= SNORT_RULES_MAX)
		snort_refuse(&fault, SNORT_LIMIT, "more than %u rules", SNORT_RULES_MAX);
	else
		ret = snort_parse_rule(l->parser, line->text, &rule, &fault);
	if (ret == 0)
		return keep(l, line, &rule);
	return ret == -ENOMEM ? fail_memory(l) : refuse(l, line, &fault);
}

static bool is_variable_name(struct snort_text t) {
	for (const char *p = t.at; p < t.end; p++) {
		if (*p == '[' || *p == ']' || *p == ',' || *p == '!' || *p == '$' || *p < ' ')
			return false;
	}
	return t.at < t.end;
}

// The rest of a var, ipvar or portvar line: `NAME value`.
static int define(struct loader *l, const struct snort_line *line, struct snort_text rest) {
	struct snort_fault fault;
	struct snort_text name = {};
	snort_text_next_word(&rest, &name);
	if (!is_variable_name(name) || rest.at == rest.end
	    || memchr(rest.at, 0, snort_text_len(rest)))
		snort_refuse(
			&fault, "variable",
			"a variable without a name or a value (accepted: ipvar NAME value)"
		);
	else {
		int ret = snort_scope_define(&l->scope, name, rest);
		if (ret == 0)
			return 0;
		if (ret == -ENOMEM)
			return fail_memory(l);
		snort_refuse(&fault, SNORT_LIMIT, "more than %u variables", SNORT_OWN_MAX);
	}
	return refuse(l, line, &fault);
}

// Lines of a snort.conf that are no rules and change what rules mean, by their first word.
static const char *const directives[] = {
	"include",          "config",          "preprocessor",  "output",
	"suppress",         "event_filter",    "rate_filter",   "ruletype",
	"threshold",        "attribute_table", "dynamicengine", "dynamicpreprocessor",
	"dynamicdetection", "file_magic",
};

static int read_line(struct loader *l, const struct snort_line *line) {
	struct snort_text rest = line->text, word = {};
	struct snort_fault fault;
	snort_text_next_word(&rest, &word);
	if (!line->too_long
	    && (snort_text_is(word, "var") || snort_text_is(word, "ipvar")
		|| snort_text_is(word, "portvar")))
		return define(l, line, rest);
	// `config` is an action of Suricata too, and then a protocol and addresses follow.
	for (unsigned i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
		if (!snort_text_is(word, directives[i])
		    || (snort_text_is(word, "config") && memchr(rest.at, '(', snort_text_len(rest))
		    ))
			continue;
		snort_refuse(
			&fault, "not a rule", "%s: lines of a configuration are not followed",
			directives[i]
		);
		return refuse(l, line, &fault);
	}
	return read_rule(l, line);
}

static int read_lines(struct loader *l, struct snort_text text) {
	struct snort_lines lines;
	struct snort_line line;
	int ret = snort_lines_init(&lines, text, SNORT_RULE_SIZE_MAX);
	if (ret < 0)
		return fail_memory(l);
	while (ret == 0 && snort_lines_next(&lines, &line))
		ret = read_line(l, &line);
	snort_lines_fini(&lines);
	return ret;
}

int snort_file_read_text(
	const char *name, const char *text, uint64_t len, const struct snort_vars *vars,
	struct snort_rules *out, struct err *err
) {
	struct loader l = {.out = out, .first_refusal = out->n_refusals, .err = err};
	uint32_t n_files = out->n_files, n_rules = out->n_rules;
	if (len > RULESET_FILE_MAX)
		return err_set(err, -EFBIG, "%s: larger than %u octets", name, RULESET_FILE_MAX);
	if (snort_rules_add_file(out, name) < 0)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	int ret = -ENOMEM;
	l.parser = calloc(1, sizeof(*l.parser));
	if (l.parser == NULL || snort_scope_init(&l.scope, vars) < 0) {
		fail_memory(&l);
		goto out;
	}
	l.parser->scope = &l.scope;
	l.parser->pool = &out->pool;
	l.parser->app_any_port = vars != NULL && vars->app_any_port;
	ret = read_lines(&l, (struct snort_text){text, text + len});
	if (ret == 0 && snort_rules_settle(out) < 0)
		ret = fail_memory(&l);
	snort_scope_fini(&l.scope);
out:
	if (ret < 0)
		snort_rules_truncate(out, n_files, n_rules, l.first_refusal);
	free(l.parser);
	return ret;
}

int snort_file_read(
	const char *path, const struct snort_vars *vars, struct snort_rules *out, struct err *err
) {
	char *text;
	uint64_t len;
	int ret = rule_text_read(path, RULESET_FILE_MAX, &text, &len, err);
	if (ret < 0)
		return ret;
	ret = snort_file_read_text(path, text, len, vars, out, err);
	free(text);
	return ret;
}
