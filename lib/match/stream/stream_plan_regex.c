// Reads an expression by recursive descent, one function for each level of the grammar.

#include "stream_plan_regex.h"

#include "stream_plan_class.h"
#include "stream_plan_facts.h"
#include "stream_plan_parser.h"
#include "stream_plan_text.h"

#include <errno.h>
#include <string.h>

int regex_refuse(struct regex_parser *p, const char *what) {
	return snort_refuse(p->fault, REGEX_SYNTAX, "pcre: %s", what);
}

int regex_refuse_by_name(struct regex_parser *p, const char *group, const char *sign) {
	return snort_refuse(
		p->fault, group, "%s (%s): cannot be followed over a stream", group, sign
	);
}

static struct regex_node *make(struct regex_parser *p, enum regex_kind kind) {
	struct regex_node *n = snort_arena_take(p->arena, sizeof(*n));
	if (n != NULL)
		n->kind = kind;
	return n;
}

static void adopt(struct regex_node *parent, struct regex_node *child) {
	child->previous = parent->last_child;
	child->next = NULL;
	if (parent->last_child != NULL)
		parent->last_child->next = child;
	else
		parent->first_child = child;
	parent->last_child = child;
}

static int make_set(struct regex_parser *p, struct octet_set set, struct regex_node **node) {
	*node = make(p, REGEX_SET);
	if (*node == NULL)
		return -ENOMEM;
	(*node)->set = set;
	regex_settle(*node);
	return 0;
}

static int make_assert(struct regex_parser *p, enum regex_assert what, struct regex_node **node) {
	*node = make(p, REGEX_ASSERT);
	if (*node == NULL)
		return -ENOMEM;
	(*node)->assertion = what;
	regex_settle(*node);
	return 0;
}

int regex_make_empty(struct regex_parser *p, struct regex_node **node) {
	*node = make(p, REGEX_EMPTY);
	if (*node == NULL)
		return -ENOMEM;
	regex_settle(*node);
	return 0;
}

// Whether what comes is `text`; then it is taken.
bool regex_take(struct regex_parser *p, const char *text) {
	size_t len = strlen(text);
	if ((size_t)(p->end - p->at) < len || memcmp(p->at, text, len) != 0)
		return false;
	p->at += len;
	return true;
}

// Comments and, with x, white space and comments up to the line's end.
static int skip_ignored(struct regex_parser *p) {
	while (p->at < p->end) {
		if (regex_take(p, "(?#")) {
			const char *end = memchr(p->at, ')', (size_t)(p->end - p->at));
			if (end == NULL)
				return regex_refuse(p, "a comment is not closed");
			p->at = end + 1;
		} else if (!(p->flags & SNORT_PCRE_EXTENDED)) {
			return 0;
		} else if (*p->at == '#') {
			const char *newline = memchr(p->at, '\n', (size_t)(p->end - p->at));
			p->at = newline != NULL ? newline + 1 : p->end;
		} else if (*p->at == ' ' || (*p->at >= '\t' && *p->at <= '\r')) {
			p->at++;
		} else {
			return 0;
		}
	}
	return 0;
}

// \1 and so on; \10 and above are octets in octal unless there are as many groups.
static bool is_back_reference(const struct regex_parser *p) {
	uint32_t number = 0;
	for (const char *d = p->at + 1; d < p->end && *d >= '0' && *d <= '9' && number < 1000; d++)
		number = number * 10 + (uint32_t)(*d - '0');
	if (p->at[1] < '1' || p->at[1] > '9')
		return p->at[1] == 'g' || p->at[1] == 'k';
	return number < 10 || number <= p->captures || p->at[1] > '7';
}

static int read_escape(struct regex_parser *p, struct regex_node **node) {
	static const struct {
		char letter;
		enum regex_assert what;
	} asserts[] = {
		{'A', REGEX_START}, {'z', REGEX_END},     {'Z', REGEX_END_NEWLINE},
		{'b', REGEX_EDGE},  {'B', REGEX_NO_EDGE},
	};
	struct octet_set set;
	bool one;
	if (p->end - p->at < 2)
		return regex_refuse(p, "a lone backslash at the end");
	if (is_back_reference(p))
		return regex_refuse_by_name(p, "pcre: back-reference", "\\1");
	for (unsigned i = 0; i < sizeof(asserts) / sizeof(asserts[0]); i++) {
		if (asserts[i].letter == p->at[1]) {
			p->at += 2;
			return make_assert(p, asserts[i].what, node);
		}
	}
	int ret = regex_read_escape(&p->at, p->end, false, &set, &one, p->fault);
	if (one && (p->flags & SNORT_PCRE_CASELESS))
		set = octet_set_fold(set);
	return ret < 0 ? ret : make_set(p, set, node);
}

static int read_dollar(struct regex_parser *p, struct regex_node **node) {
	if (p->flags & SNORT_PCRE_MULTILINE)
		return make_assert(p, REGEX_LINE_END, node);
	return make_assert(
		p, p->flags & SNORT_PCRE_DOLLAR_ENDONLY ? REGEX_END : REGEX_END_NEWLINE, node
	);
}

// `{n}`, `{n,}` or `{n,m}` at p->at. False: it is text like any other.
static bool read_counts(struct regex_parser *p, uint64_t *lo, uint64_t *hi) {
	const char *c = p->at + 1;
	uint64_t *number = lo;
	unsigned digits = 0;
	*lo = *hi = 0;
	for (; c < p->end && *c != '}'; c++) {
		if (*c == ',' && number == lo && digits > 0) {
			number = hi;
			digits = 0;
		} else if (*c >= '0' && *c <= '9' && digits < 9) {
			*number = *number * 10 + (uint64_t)(*c - '0');
			digits++;
		} else {
			return false;
		}
	}
	if (c == p->end || (number == lo && digits == 0))
		return false;
	if (number == lo)
		*hi = *lo;
	else if (digits == 0)
		*hi = PLAN_OPEN;
	p->at = c + 1;
	return true;
}

// False: no repeat comes.
static bool read_repeat(struct regex_parser *p, uint64_t *lo, uint64_t *hi) {
	if (p->at == p->end)
		return false;
	if (*p->at == '{')
		return read_counts(p, lo, hi);
	if (*p->at != '*' && *p->at != '+' && *p->at != '?')
		return false;
	*lo = *p->at == '+';
	*hi = *p->at == '?' ? 1 : PLAN_OPEN;
	p->at++;
	return true;
}

static int read_atom(struct regex_parser *p, struct regex_node **node) {
	bool multiline = (p->flags & SNORT_PCRE_MULTILINE) != 0;
	struct octet_set newline = octet_set_of('\n', false), set;
	uint64_t lo, hi;
	int ret;
	if (read_repeat(p, &lo, &hi))
		return regex_refuse(p, "nothing stands before a repeat");
	switch (*p->at) {
	case '\\':
		return read_escape(p, node);
	case '(':
		p->at++;
		return regex_read_group(p, node);
	case '[':
		p->at++;
		ret = regex_read_class(
			&p->at, p->end, (p->flags & SNORT_PCRE_CASELESS) != 0, &set, p->fault
		);
		return ret < 0 ? ret : make_set(p, set, node);
	case '^':
		p->at++;
		return make_assert(p, multiline ? REGEX_LINE_START : REGEX_START, node);
	case '$':
		p->at++;
		return read_dollar(p, node);
	case '.':
		p->at++;
		return make_set(
			p, p->flags & SNORT_PCRE_DOTALL ? OCTET_SET_ANY : octet_set_not(newline),
			node
		);
	default:
		set = octet_set_of((uint8_t)*p->at++, (p->flags & SNORT_PCRE_CASELESS) != 0);
		return make_set(p, set, node);
	}
}

static int repeat(struct regex_parser *p, uint64_t lo, uint64_t hi, struct regex_node **node) {
	struct regex_node *child = *node;
	bool lazy = (p->flags & SNORT_PCRE_UNGREEDY) != 0;
	if (lo > hi)
		return regex_refuse(p, "a repeat whose counts run backwards");
	if (lo > REGEX_REPEAT_MAX || (hi > REGEX_REPEAT_MAX && hi != PLAN_OPEN))
		return snort_refuse(
			p->fault, REGEX_TOO_LARGE, "pcre: a repeat of more than %u (over a stream)",
			REGEX_REPEAT_MAX
		);
	if (child->max == 0)
		return regex_refuse(p, "a repeat of something without octets");
	if (hi == 0)
		return regex_make_empty(p, node);
	*node = make(p, REGEX_REPEAT);
	if (*node == NULL)
		return -ENOMEM;
	(*node)->lo = (uint32_t)lo;
	(*node)->hi = (uint32_t)hi;
	(*node)->greedy = !lazy;
	adopt(*node, child);
	regex_settle(*node);
	return 0;
}

// What follows an atom: nothing, or how often it stands.
static int read_repeats(struct regex_parser *p, struct regex_node **node) {
	uint64_t lo, hi;
	int ret = skip_ignored(p);
	if (ret < 0 || !read_repeat(p, &lo, &hi))
		return ret;
	ret = repeat(p, lo, hi, node);
	if (ret == 0)
		ret = skip_ignored(p);
	if (ret < 0)
		return ret;
	if (regex_take(p, "+"))
		return regex_refuse_by_name(p, "pcre: possessive repeat", "++");
	if (regex_take(p, "?"))
		(*node)->greedy = !(*node)->greedy;
	return 0;
}

static int read_sequence(struct regex_parser *p, struct regex_node **node) {
	struct regex_node *part;
	int ret;
	*node = make(p, REGEX_CAT);
	if (*node == NULL)
		return -ENOMEM;
	for (;;) {
		ret = skip_ignored(p);
		if (ret < 0 || p->at == p->end || *p->at == '|' || *p->at == ')')
			break;
		ret = read_atom(p, &part);
		if (ret == 0)
			ret = read_repeats(p, &part);
		if (ret < 0)
			break;
		adopt(*node, part);
	}
	regex_settle(*node);
	if ((*node)->first_child != NULL && (*node)->first_child == (*node)->last_child)
		*node = (*node)->first_child;
	return ret;
}

int regex_read_alternatives(struct regex_parser *p, struct regex_node **node) {
	struct regex_node *all = NULL;
	for (;;) {
		int ret = read_sequence(p, node);
		if (ret < 0)
			return ret;
		bool more = regex_take(p, "|");
		if (all == NULL && !more)
			return 0;
		if (all == NULL)
			all = make(p, REGEX_ALT);
		if (all == NULL)
			return -ENOMEM;
		adopt(all, *node);
		if (!more)
			break;
	}
	regex_settle(all);
	*node = all;
	return 0;
}

int regex_parse(
	const struct snort_pcre *pcre, struct snort_arena *arena, struct regex_node **root,
	struct snort_fault *fault
) {
	struct regex_parser p = {
		.at = pcre->regex,
		.end = pcre->regex + pcre->len,
		.flags = pcre->flags,
		.arena = arena,
		.fault = fault,
	};
	int ret = regex_read_alternatives(&p, root);
	if (ret < 0)
		return ret;
	if (p.at < p.end)
		return regex_refuse(&p, "a parenthesis closes that none opens");
	if ((*root)->weight > REGEX_WEIGHT_MAX)
		return snort_refuse(
			fault, REGEX_TOO_LARGE, "pcre: its repeats, written out, are over %u parts",
			REGEX_WEIGHT_MAX
		);
	return 0;
}
