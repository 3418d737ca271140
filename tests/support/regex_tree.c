// Reads by recursive descent: choices of sequences of repeated atoms.

#include "regex_tree.h"

#include "match/snort/snort_test.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct regex_tree *t;
	const char *p, *end;
	uint32_t flags;
	uint32_t n_groups;
	struct {
		const char *at;
		size_t len;
	} names[REGEX_GROUPS_MAX];
	unsigned depth;
	bool bad;
};

static uint32_t read_choice(struct reader *r);

static uint32_t fail(struct reader *r) {
	r->bad = true;
	r->p = r->end;
	return 0;
}

static uint32_t node(struct reader *r, enum regex_kind kind) {
	if (r->t->n == REGEX_NODES_MAX) {
		fail(r);
		return 1;
	}
	r->t->nodes[r->t->n] = (struct regex_node){.kind = kind};
	return r->t->n++;
}

static bool starts(struct reader *r, const char *text) {
	size_t n = strlen(text);
	if ((size_t)(r->end - r->p) < n || memcmp(r->p, text, n) != 0)
		return false;
	r->p += n;
	return true;
}

static void add_octet(uint64_t set[4], unsigned c, uint32_t flags) {
	set[c / 64] |= (uint64_t)1 << c % 64;
	if ((flags & SNORT_PCRE_CASELESS) && c < 128 && isalpha((int)c)) {
		c ^= 0x20;
		set[c / 64] |= (uint64_t)1 << c % 64;
	}
}

// \d \w \s \h and what they are not. False: `c` names no class.
static bool add_class(uint64_t set[4], char c) {
	const char *all = tolower(c) == 'd' ? "0123456789"
		: tolower(c) == 's'         ? " \t\n\v\f\r"
		: tolower(c) == 'h'         ? " \t"
		: tolower(c) == 'w'
		? "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
		: NULL;
	uint64_t own[4] = {};
	if (all == NULL)
		return false;
	for (; *all != '\0'; all++)
		add_octet(own, (uint8_t)*all, 0);
	for (unsigned i = 0; i < 4; i++)
		set[i] |= isupper(c) ? ~own[i] : own[i];
	return true;
}

static unsigned read_hex(struct reader *r) {
	char digits[3] = {};
	bool braces = starts(r, "{");
	for (unsigned i = 0; i < 2 && r->p < r->end && isxdigit((uint8_t)*r->p); i++)
		digits[i] = *r->p++;
	if (braces && !starts(r, "}"))
		fail(r);
	return (unsigned)strtoul(digits, NULL, 16);
}

// The octet that an escape stands for, with r->p behind the letter.
static unsigned escaped_octet(struct reader *r, char c) {
	static const char letters[] = "nrtfvae0", octets[] = "\n\r\t\f\v\a\033";
	if (c == 'x')
		return read_hex(r);
	const char *at = c != '\0' ? strchr(letters, c) : NULL;
	if (at != NULL)
		return (uint8_t)octets[at - letters];
	if (isalnum((uint8_t)c))
		fail(r);
	return (uint8_t)c;
}

static const char *const posix[] = {"alpha", "alnum", "digit", "xdigit", "space",
				    "upper", "lower", "punct", "print"};
static int (*const posix_is[])(int) = {isalpha, isalnum, isdigit, isxdigit, isspace,
				       isupper, islower, ispunct, isprint};

static bool add_posix(struct reader *r, uint64_t set[4]) {
	for (unsigned i = 0; i < sizeof(posix) / sizeof(posix[0]); i++) {
		const char *was = r->p;
		if (starts(r, "[:") && starts(r, posix[i]) && starts(r, ":]")) {
			for (unsigned c = 0; c < 128; c++) {
				if (posix_is[i]((int)c))
					add_octet(set, c, r->flags);
			}
			return true;
		}
		r->p = was;
	}
	return false;
}

// One octet of a class or UINT32_MAX: a class within it was added.
static unsigned read_member(struct reader *r, uint64_t set[4]) {
	if (add_posix(r, set))
		return UINT32_MAX;
	char c = *r->p++;
	if (c != '\\' || r->p == r->end)
		return (uint8_t)c;
	c = *r->p++;
	if (c == 'b')
		return '\b';
	return add_class(set, c) ? UINT32_MAX : escaped_octet(r, c);
}

static uint32_t read_set(struct reader *r) {
	uint32_t n = node(r, REGEX_SET);
	uint64_t *set = r->t->nodes[n].set;
	bool negated = starts(r, "^"), first = true;
	for (; r->p < r->end && (first || *r->p != ']'); first = false) {
		unsigned lo = read_member(r, set), hi = lo;
		if (lo == UINT32_MAX)
			continue;
		if (r->end - r->p > 1 && r->p[0] == '-' && r->p[1] != ']') {
			r->p++;
			hi = read_member(r, set);
			if (hi == UINT32_MAX) { // the dash is an octet
				add_octet(set, '-', 0);
				hi = lo;
			}
		}
		for (unsigned c = lo; c <= hi; c++)
			add_octet(set, c, r->flags);
	}
	if (!starts(r, "]"))
		return fail(r);
	for (unsigned i = 0; negated && i < 4; i++)
		set[i] = ~set[i];
	return n;
}

static uint32_t octet_node(struct reader *r, unsigned c) {
	uint32_t n = node(r, REGEX_SET);
	add_octet(r->t->nodes[n].set, c, r->flags);
	return n;
}

static uint32_t again_node(struct reader *r, uint32_t group) {
	uint32_t n = node(r, REGEX_AGAIN);
	if (group == 0 || group >= REGEX_GROUPS_MAX)
		return fail(r);
	r->t->nodes[n].group = group;
	return n;
}

// A reference by name, up to `close`.
static uint32_t named_again(struct reader *r, char close) {
	const char *at = r->p, *stop = memchr(at, close, (size_t)(r->end - at));
	if (stop == NULL)
		return fail(r);
	r->p = stop + 1;
	for (uint32_t i = 1; i <= r->n_groups; i++) {
		if (r->names[i].len == (size_t)(stop - at)
		    && memcmp(r->names[i].at, at, r->names[i].len) == 0)
			return again_node(r, i);
	}
	return fail(r);
}

static uint32_t read_escape(struct reader *r) {
	if (r->p == r->end)
		return fail(r);
	char c = *r->p++;
	uint64_t set[4] = {};
	if (strchr("AGzZ", c) != NULL)
		return node(r, c == 'A' || c == 'G' ? REGEX_START : REGEX_END);
	if (strchr("bBK", c) != NULL)
		return node(r, REGEX_EMPTY);
	if (c == 'k' && starts(r, "<"))
		return named_again(r, '>');
	if (c >= '1' && c <= '9')
		return again_node(r, (uint32_t)(c - '0'));
	if (add_class(set, c)) {
		uint32_t n = node(r, REGEX_SET);
		memcpy(r->t->nodes[n].set, set, sizeof(set));
		return n;
	}
	return octet_node(r, escaped_octet(r, c));
}

// Flags of (?i) or (?i:. True when a group follows.
static bool read_flags(struct reader *r) {
	static const char letters[] = "ismx";
	static const uint32_t flag[] = {
		SNORT_PCRE_CASELESS, SNORT_PCRE_DOTALL, SNORT_PCRE_MULTILINE, SNORT_PCRE_EXTENDED};
	bool off = false;
	for (; r->p < r->end && *r->p != ')' && *r->p != ':'; r->p++) {
		const char *at = strchr(letters, *r->p);
		if (*r->p == '-')
			off = true;
		else if (at == NULL)
			fail(r);
		else if (off)
			r->flags &= ~flag[at - letters];
		else
			r->flags |= flag[at - letters];
		if (r->bad)
			return false;
	}
	return starts(r, ":");
}

static uint32_t capture(struct reader *r, char close) {
	if (++r->n_groups >= REGEX_GROUPS_MAX)
		return fail(r);
	uint32_t group = r->n_groups;
	if (close != 0) {
		const char *stop = memchr(r->p, close, (size_t)(r->end - r->p));
		if (stop == NULL)
			return fail(r);
		r->names[group].at = r->p;
		r->names[group].len = (size_t)(stop - r->p);
		r->p = stop + 1;
	}
	uint32_t n = node(r, REGEX_GROUP);
	uint32_t child = read_choice(r);
	r->t->nodes[n].group = group;
	r->t->nodes[n].child = child;
	return n;
}

// Behind the opening parenthesis.
static uint32_t read_group(struct reader *r) {
	uint32_t flags = r->flags, n;
	if (starts(r, "?#")) {
		const char *stop = memchr(r->p, ')', (size_t)(r->end - r->p));
		r->p = stop != NULL ? stop : r->end;
		n = node(r, REGEX_EMPTY);
	} else if (starts(r, "?=") || starts(r, "?!") || starts(r, "?<=") || starts(r, "?<!")) {
		read_choice(r);
		n = node(r, REGEX_EMPTY);
	} else if (starts(r, "?:") || starts(r, "?>") || starts(r, "?|")) {
		n = read_choice(r);
	} else if (starts(r, "?P=")) {
		return named_again(r, ')');
	} else if (starts(r, "?P<") || starts(r, "?<")) {
		n = capture(r, '>');
	} else if (starts(r, "?")) {
		if (!read_flags(r)) { // they hold up to the end of the group around
			n = node(r, REGEX_EMPTY);
			return starts(r, ")") ? n : fail(r);
		}
		n = read_choice(r);
	} else if (starts(r, "*")) {
		return fail(r);
	} else {
		n = capture(r, 0);
	}
	r->flags = flags;
	return starts(r, ")") ? n : fail(r);
}

static uint32_t read_atom(struct reader *r) {
	char c = *r->p++;
	uint32_t n;
	switch (c) {
	case '(':
		return read_group(r);
	case '[':
		return read_set(r);
	case '\\':
		return read_escape(r);
	case '^':
		return node(r, REGEX_START);
	case '$':
		return node(r, r->flags & SNORT_PCRE_MULTILINE ? REGEX_LINE_END : REGEX_END);
	case '.':
		n = node(r, REGEX_SET);
		memset(r->t->nodes[n].set, 0xff, sizeof(r->t->nodes[n].set));
		if (!(r->flags & SNORT_PCRE_DOTALL))
			r->t->nodes[n].set[0] &= ~((uint64_t)1 << '\n');
		return n;
	default:
		return octet_node(r, (uint8_t)c);
	}
}

static bool read_counts(struct reader *r, uint32_t *min, uint32_t *max) {
	const char *was = r->p;
	char *stop;
	if (starts(r, "*") || starts(r, "+") || starts(r, "?")) {
		*min = *was == '+';
		*max = *was == '?' ? 1 : UINT32_MAX;
		return true;
	}
	if (!starts(r, "{") || r->p == r->end || !isdigit((uint8_t)*r->p)) {
		r->p = was;
		return false;
	}
	*min = *max = (uint32_t)strtoul(r->p, &stop, 10);
	r->p = stop;
	if (starts(r, ",")) {
		*max = UINT32_MAX;
		if (r->p < r->end && isdigit((uint8_t)*r->p)) {
			*max = (uint32_t)strtoul(r->p, &stop, 10);
			r->p = stop;
		}
	}
	if (starts(r, "}"))
		return true;
	r->p = was;
	return false;
}

static uint32_t read_repeated(struct reader *r) {
	uint32_t n = read_atom(r), min, max;
	while (!r->bad && read_counts(r, &min, &max)) {
		uint32_t repeat = node(r, REGEX_REPEAT);
		r->t->nodes[repeat].child = n;
		r->t->nodes[repeat].min = min;
		r->t->nodes[repeat].max = max;
		n = repeat;
		if (!starts(r, "?"))
			starts(r, "+");
	}
	return n;
}

static void skip_space(struct reader *r) {
	while ((r->flags & SNORT_PCRE_EXTENDED) && r->p < r->end) {
		if (*r->p == '#') {
			const char *stop = memchr(r->p, '\n', (size_t)(r->end - r->p));
			r->p = stop != NULL ? stop : r->end;
		} else if (isspace((uint8_t)*r->p)) {
			r->p++;
		} else {
			return;
		}
	}
}

static uint32_t read_sequence(struct reader *r) {
	uint32_t n = node(r, REGEX_SEQUENCE), last = 0;
	for (skip_space(r); r->p < r->end && *r->p != '|' && *r->p != ')'; skip_space(r)) {
		uint32_t child = read_repeated(r);
		if (last == 0)
			r->t->nodes[n].child = child;
		else
			r->t->nodes[last].next = child;
		last = child;
	}
	return n;
}

static uint32_t read_choice(struct reader *r) {
	if (r->depth++ > 100)
		return fail(r);
	uint32_t n = node(r, REGEX_CHOICE);
	uint32_t last = read_sequence(r);
	r->t->nodes[n].child = last;
	while (starts(r, "|")) {
		uint32_t child = read_sequence(r);
		r->t->nodes[last].next = child;
		last = child;
	}
	r->depth--;
	return n;
}

bool regex_tree_read(struct regex_tree *t, const char *regex, uint32_t len, uint32_t flags) {
	struct reader r = {.t = t, .p = regex, .end = regex + len, .flags = flags};
	t->n = 1;
	t->root = read_choice(&r);
	return !r.bad && r.p == r.end;
}
