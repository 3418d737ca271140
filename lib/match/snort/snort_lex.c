// The cuts follow Suricata's, except that a semicolon within quotes needs no backslash.

#include "snort_lex.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

// What ends a field, outside of brackets: blanks, or '('.
#define FIELD_ENDS " \t\n\v\f\r("

static int cut_header(struct snort_lexed *l, struct snort_text *rest, struct snort_fault *fault) {
	for (unsigned i = 0; i < SNORT_FIELDS; i++) {
		*rest = snort_text_trim(*rest);
		l->fields[i] = (struct snort_text){rest->at, snort_text_outside(*rest, FIELD_ENDS)};
		if (l->fields[i].at == l->fields[i].end)
			return snort_refuse(
				fault, SNORT_SYNTAX,
				"the header ends too early (accepted: action protocol source port ->"
				" destination port (options))"
			);
		rest->at = l->fields[i].end;
	}
	*rest = snort_text_trim(*rest);
	if (rest->at == rest->end || *rest->at != '(')
		return snort_refuse(
			fault, SNORT_SYNTAX, "no '(' behind the header: the options are missing"
		);
	rest->at++;
	return 0;
}

// The end of a quoted value, behind its closing quote; NULL when it is not closed.
static const char *quote_end(const char *open, const char *end) {
	for (const char *p = open + 1; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

// The next semicolon that no backslash precedes; NULL when there is none.
static const char *semicolon(const char *p, const char *end) {
	for (; p < end; p++) {
		if (*p == '\\')
			p++;
		else if (*p == ';')
			return p;
	}
	return NULL;
}

static int cut_option(struct snort_option *o, struct snort_text *rest, struct snort_fault *fault) {
	char buf[SNORT_SHOWN];
	const char *p = rest->at;
	while (p < rest->end && *p != ':' && *p != ';')
		p++;
	o->name = snort_text_trim((struct snort_text){rest->at, p});
	o->value = (struct snort_text){};
	const char *end = p;
	if (p < rest->end && *p == ':') {
		struct snort_text value = snort_text_trim((struct snort_text){p + 1, rest->end});
		const char *open = value.at;
		while (open < value.end && (*open == '!' || snort_text_is_blank(*open)))
			open++;
		if (open < value.end && *open == '"') {
			open = quote_end(open, value.end);
			if (open == NULL)
				return snort_refuse(
					fault, SNORT_SYNTAX, "%s: the quote is not closed",
					snort_text_show(o->name, buf)
				);
		} else {
			open = value.at;
		}
		end = semicolon(open, value.end);
		o->value = snort_text_trim((struct snort_text){value.at, end});
	}
	if (end == NULL || end == rest->end)
		return snort_refuse(
			fault, SNORT_SYNTAX, "option %s does not end with ';'",
			snort_text_show(o->name, buf)
		);
	rest->at = end + 1;
	return 0;
}

int snort_lex_rule(struct snort_lexed *l, struct snort_text rule, struct snort_fault *fault) {
	char buf[SNORT_SHOWN];
	l->n_options = 0;
	if (memchr(rule.at, '\0', snort_text_len(rule)) != NULL)
		return snort_refuse(
			fault, SNORT_SYNTAX, "a NUL octet (in a content write it as |00|)"
		);
	int ret = cut_header(l, &rule, fault);
	if (ret < 0)
		return ret;
	for (;;) {
		rule = snort_text_trim(rule);
		if (rule.at == rule.end)
			return snort_refuse(fault, SNORT_SYNTAX, "no ')' behind the options");
		if (*rule.at == ')')
			break;
		if (l->n_options == SNORT_OPTIONS_MAX)
			return snort_refuse(
				fault, SNORT_LIMIT, "more than %u options", SNORT_OPTIONS_MAX
			);
		ret = cut_option(&l->options[l->n_options], &rule, fault);
		if (ret < 0)
			return ret;
		l->n_options++;
	}
	rule.at++;
	rule = snort_text_trim(rule);
	if (rule.at < rule.end)
		return snort_refuse(
			fault, SNORT_SYNTAX, "'%s' behind the closing ')'",
			snort_text_show(rule, buf)
		);
	return 0;
}

static bool can_be_name(char c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
		|| c == '_' || c == '.';
}

static const char *skip_blanks(const char *p, const char *end) {
	while (p < end && snort_text_is_blank(*p))
		p++;
	return p;
}

uint32_t snort_lex_sid(struct snort_text rule) {
	uint64_t sid;
	rule = snort_text_trim(rule);
	// From the end, where sids stand; a `sid:` within a message would be found otherwise.
	for (const char *p = rule.end; p-- > rule.at;) {
		if (rule.end - p < 5 || strncasecmp(p, "sid", 3) != 0
		    || (p > rule.at && can_be_name(p[-1])))
			continue;
		struct snort_text t = {skip_blanks(p + 3, rule.end), rule.end};
		if (t.at == t.end || *t.at != ':')
			continue;
		t.at = t.end = skip_blanks(t.at + 1, rule.end);
		while (t.end < rule.end && *t.end >= '0' && *t.end <= '9')
			t.end++;
		if (snort_text_read_uint(t, UINT32_MAX, &sid) == 0 && sid > 0)
			return (uint32_t)sid;
	}
	return 0;
}
