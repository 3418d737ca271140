// Reads what stands in parentheses: groups, named or not, and modifiers. Groups that look
// elsewhere than where the match goes on are refused by name.

#include "stream_plan_parser.h"

#include <string.h>

// imsxU- behind `(?`. Leaves p->at at what ends them.
static int read_modifiers(struct regex_parser *p) {
	static const struct {
		char letter;
		uint32_t flag;
	} known[] = {
		{'i', SNORT_PCRE_CASELESS}, {'m', SNORT_PCRE_MULTILINE}, {'s', SNORT_PCRE_DOTALL},
		{'x', SNORT_PCRE_EXTENDED}, {'U', SNORT_PCRE_UNGREEDY},
	};
	bool off = false;
	for (; p->at < p->end && *p->at != ')' && *p->at != ':'; p->at++) {
		uint32_t flag = 0;
		for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			flag |= known[i].letter == *p->at ? known[i].flag : 0;
		if (*p->at == '-' && !off)
			off = true;
		else if (flag == 0)
			return regex_refuse(p, "an unknown group '(?'");
		else
			p->flags = off ? p->flags & ~flag : p->flags | flag;
	}
	return p->at == p->end ? regex_refuse(p, "a group is not closed") : 0;
}

// `name>`, with the bracket that ends it.
static int skip_name(struct regex_parser *p, char last) {
	const char *end = memchr(p->at, last, (size_t)(p->end - p->at));
	if (end == NULL)
		return regex_refuse(p, "a group's name is not closed");
	p->at = end + 1;
	p->captures++;
	return 0;
}

static int refuse_group(struct regex_parser *p) {
	static const struct {
		const char *sign, *group;
	} known[] = {
		{"=", "pcre: lookaround"},   {"!", "pcre: lookaround"},
		{"<=", "pcre: lookaround"},  {"<!", "pcre: lookaround"},
		{">", "pcre: atomic group"}, {"(", "pcre: condition"},
		{"R", "pcre: recursion"},    {"&", "pcre: recursion"},
		{"P>", "pcre: recursion"},   {"P=", "pcre: back-reference"},
		{"|", "pcre: branch reset"}, {"C", "pcre: callout"},
		{"0", "pcre: recursion"},    {"1", "pcre: recursion"},
		{"2", "pcre: recursion"},    {"+", "pcre: recursion"},
	};
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (regex_take(p, known[i].sign))
			return regex_refuse_by_name(p, known[i].group, known[i].sign);
	}
	return 0;
}

// What follows `(`, up to the alternatives. *done: there are none, the flags hold for what follows.
static int open_group(struct regex_parser *p, bool *done) {
	*done = false;
	if (p->at < p->end && *p->at == '*')
		return regex_refuse_by_name(p, "pcre: verb", "(*");
	if (!regex_take(p, "?")) {
		p->captures++;
		return 0;
	}
	int ret = refuse_group(p);
	if (ret < 0)
		return ret;
	if (regex_take(p, "P<") || regex_take(p, "<"))
		return skip_name(p, '>');
	if (regex_take(p, "'"))
		return skip_name(p, '\'');
	ret = read_modifiers(p);
	if (ret < 0)
		return ret;
	*done = *p->at == ')';
	p->at += *p->at == ':';
	return 0;
}

// Behind `(`.
int regex_read_group(struct regex_parser *p, struct regex_node **node) {
	uint32_t flags = p->flags;
	bool done;
	int ret = open_group(p, &done);
	if (ret < 0)
		return ret;
	if (done) {
		p->at++;
		return regex_make_empty(p, node);
	}
	if (p->depth == REGEX_DEPTH_MAX)
		return snort_refuse(
			p->fault, REGEX_TOO_LARGE, "pcre: more than %u groups in one another",
			REGEX_DEPTH_MAX
		);
	p->depth++;
	ret = regex_read_alternatives(p, node);
	p->depth--;
	if (ret < 0)
		return ret;
	if (!regex_take(p, ")"))
		return regex_refuse(p, "a group is not closed");
	p->flags = flags;
	return 0;
}
