// A plain recursion: test i holds from here if it fits somewhere from which test i + 1 and all behind
// it hold. PCRE2 interprets, and is asked at each place by itself whether it matches there.

#include "rule_reference.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 20000000u

struct rule_reference {
	const struct snort_rule *rule;
	const uint8_t *payload;
	int64_t len;
	uint64_t steps;
	bool unknown;
	pcre2_match_data *match;
	pcre2_code *codes[]; // by test; NULL where it is no pcre
};

static bool from_test(struct rule_reference *r, uint32_t i, int64_t pos);

static bool equal(struct rule_reference *r, const struct snort_content *c, int64_t at) {
	for (uint32_t i = 0; i < c->len; i++) {
		uint8_t a = r->payload[at + i], b = c->octets[i];
		if (a != b
		    && !((c->flags & SNORT_NOCASE) && a < 128 && b < 128 && toupper(a) == toupper(b)
		    ))
			return false;
	}
	return true;
}

static bool fits(struct rule_reference *r, const struct snort_content *c, int64_t at, int64_t pos) {
	int64_t end = at + c->len;
	if (r->steps++ > STEPS_MAX)
		r->unknown = true;
	if (end > r->len || ((c->flags & SNORT_ENDSWITH) && end < r->len))
		return false;
	if ((c->flags & SNORT_STARTSWITH) && at != 0)
		return false;
	if ((c->flags & SNORT_OFFSET) && at < c->offset)
		return false;
	if ((c->flags & SNORT_DEPTH)
	    && end > (int64_t)(c->flags & SNORT_OFFSET ? c->offset : 0) + c->depth)
		return false;
	if (c->flags & (SNORT_DISTANCE | SNORT_WITHIN)) {
		int64_t start = pos + (c->flags & SNORT_DISTANCE ? c->distance : 0);
		if (at < start)
			return false;
		if ((c->flags & SNORT_WITHIN) && end > start + c->within)
			return false;
	}
	return equal(r, c, at);
}

static bool content(struct rule_reference *r, uint32_t i, int64_t pos) {
	const struct snort_content *c = &r->rule->tests[i].content;
	for (int64_t at = 0; at < r->len && !r->unknown; at++) {
		if (!fits(r, c, at, pos))
			continue;
		if (c->flags & SNORT_NEGATED)
			return false;
		if (from_test(r, i + 1, c->flags & SNORT_FAST_PATTERN_ONLY ? pos : at + c->len))
			return true;
	}
	return (c->flags & SNORT_NEGATED) && from_test(r, i + 1, pos);
}

static bool pcre(struct rule_reference *r, uint32_t i, int64_t pos) {
	const struct snort_pcre *p = &r->rule->tests[i].pcre;
	int64_t base = p->flags & SNORT_PCRE_RELATIVE ? pos : 0;
	int64_t last = p->flags & SNORT_PCRE_ANCHORED ? base : r->len;
	for (int64_t at = base; at <= last && !r->unknown; at++) {
		int ret = pcre2_match(
			r->codes[i], r->payload + base, (size_t)(r->len - base),
			(size_t)(at - base), PCRE2_ANCHORED, r->match, NULL
		);
		r->steps += 100;
		if (ret < PCRE2_ERROR_NOMATCH)
			r->unknown = true;
		if (ret < 0)
			continue;
		if (p->flags & SNORT_PCRE_NEGATED)
			return false;
		// The recursion uses the same memory.
		int64_t end = base + (int64_t)pcre2_get_ovector_pointer(r->match)[1];
		if (from_test(r, i + 1, end))
			return true;
	}
	return (p->flags & SNORT_PCRE_NEGATED) && from_test(r, i + 1, pos);
}

static bool isdataat(struct rule_reference *r, uint32_t i, int64_t pos) {
	const struct snort_isdataat *d = &r->rule->tests[i].isdataat;
	bool there = d->relative ? pos + d->offset <= r->len : d->offset < r->len;
	return there != d->negated && from_test(r, i + 1, pos);
}

// What strtoull reads, from a copy that it cannot read behind. Returns how much it read, 0: nothing.
static int64_t digits(const uint8_t *at, int64_t n, int base, uint64_t *value) {
	char copy[300], *end;
	if (n >= (int64_t)sizeof(copy))
		n = sizeof(copy) - 1;
	memcpy(copy, at, (size_t)n);
	copy[n] = '\0';
	errno = 0;
	*value = strtoull(copy, &end, base);
	return errno == ERANGE ? 0 : end - copy;
}

// Reads at pos + offset. Returns where reading ended, or -1.
static int64_t
number(struct rule_reference *r, const struct snort_byte *b, int64_t pos, bool jump,
       uint64_t *value) {
	int64_t at = (b->flags & SNORT_BYTE_RELATIVE ? pos : 0) + b->offset;
	*value = 0;
	if (at < 0 || at + b->octets > r->len)
		return -1;
	if ((b->flags & SNORT_BYTE_RELATIVE) && at == r->len)
		return -1;
	if (b->octets == 0 && jump)
		return at;
	if (b->flags & SNORT_BYTE_STRING) {
		int64_t n = digits(
			r->payload + at, b->octets == 0 ? r->len - at : b->octets, (int)b->base,
			value
		);
		if (n == 0)
			return -1;
		at += n;
	} else {
		for (uint32_t i = 0; i < b->octets; i++) {
			unsigned shift = 8 * (b->flags & SNORT_BYTE_LITTLE ? i : b->octets - 1 - i);
			*value |= (uint64_t)r->payload[at + i] << shift;
		}
		at += b->octets;
	}
	if (b->mask != 0) {
		*value &= b->mask;
		for (uint64_t mask = b->mask; (mask & 1) == 0; mask >>= 1)
			*value >>= 1;
	}
	return at;
}

static bool byte_test(struct rule_reference *r, uint32_t i, int64_t pos) {
	const struct snort_byte *b = &r->rule->tests[i].byte;
	uint64_t n;
	if (number(r, b, pos, false, &n) < 0)
		return false;
	bool is = b->op == SNORT_BYTE_LESS          ? n < b->value
		: b->op == SNORT_BYTE_LESS_EQUAL    ? n <= b->value
		: b->op == SNORT_BYTE_EQUAL         ? n == b->value
		: b->op == SNORT_BYTE_GREATER_EQUAL ? n >= b->value
		: b->op == SNORT_BYTE_GREATER       ? n > b->value
		: b->op == SNORT_BYTE_AND           ? (n & b->value) != 0
						    : n != b->value;
	if (b->flags & SNORT_BYTE_NEGATED)
		is = !is;
	return is && from_test(r, i + 1, pos);
}

static bool byte_jump(struct rule_reference *r, uint32_t i, int64_t pos) {
	const struct snort_byte *b = &r->rule->tests[i].byte;
	uint64_t n;
	int64_t from = number(r, b, pos, true, &n);
	if (from < 0)
		return false;
	n *= b->multiplier;
	while ((b->flags & SNORT_BYTE_ALIGN) && n % 4 != 0)
		n++;
	n += (uint64_t)b->post_offset;
	if (b->flags & SNORT_BYTE_FROM_BEGINNING)
		from = 0;
	if (b->flags & SNORT_BYTE_FROM_END)
		from = r->len;
	__int128 to = (__int128)from + (int64_t)n;
	return to < r->len && from_test(r, i + 1, to < 0 ? 0 : (int64_t)to);
}

static bool from_test(struct rule_reference *r, uint32_t i, int64_t pos) {
	if (i == r->rule->n_tests)
		return true;
	if (r->unknown)
		return false;
	switch (r->rule->tests[i].kind) {
	case SNORT_TEST_CONTENT:
		return content(r, i, pos);
	case SNORT_TEST_PCRE:
		return pcre(r, i, pos);
	case SNORT_TEST_ISDATAAT:
		return isdataat(r, i, pos);
	case SNORT_TEST_BYTE_TEST:
		return byte_test(r, i, pos);
	case SNORT_TEST_BYTE_JUMP:
		return byte_jump(r, i, pos);
	}
	return false;
}

static bool number_holds(const struct snort_number *n, uint64_t len) {
	if (!n->given)
		return true;
	bool in = len >= n->lo && len <= n->hi;
	return n->negated ? !in : in;
}

enum rule_reference_verdict
rule_reference_judge(struct rule_reference *r, const uint8_t *payload, uint32_t len) {
	r->payload = payload;
	r->len = len;
	r->steps = 0;
	r->unknown = false;
	if (!number_holds(&r->rule->dsize, len) || !number_holds(&r->rule->bsize, len))
		return RULE_MISSES;
	if (len == 0)
		return r->rule->n_tests == 0 ? RULE_HOLDS : RULE_MISSES;
	bool holds = from_test(r, 0, 0);
	return r->unknown ? RULE_UNKNOWN : holds ? RULE_HOLDS : RULE_MISSES;
}

static pcre2_code *compile(const struct snort_pcre *p) {
	int code;
	PCRE2_SIZE at;
	uint32_t f = p->flags, o = PCRE2_NO_START_OPTIMIZE;
	o |= f & SNORT_PCRE_CASELESS ? PCRE2_CASELESS : 0;
	o |= f & SNORT_PCRE_DOTALL ? PCRE2_DOTALL : 0;
	o |= f & SNORT_PCRE_MULTILINE ? PCRE2_MULTILINE : 0;
	o |= f & SNORT_PCRE_EXTENDED ? PCRE2_EXTENDED : 0;
	o |= f & SNORT_PCRE_DOLLAR_ENDONLY ? PCRE2_DOLLAR_ENDONLY : 0;
	o |= f & SNORT_PCRE_UNGREEDY ? PCRE2_UNGREEDY : 0;
	return pcre2_compile((PCRE2_SPTR)p->regex, p->len, o, &code, &at, NULL);
}

struct rule_reference *rule_reference_new(const struct snort_rule *rule) {
	struct rule_reference *r = calloc(
		1, sizeof(*r) + (rule->n_tests + 1) * sizeof(r->codes[0])
	);
	if (r == NULL)
		return NULL;
	r->rule = rule;
	r->match = pcre2_match_data_create(1, NULL);
	bool good = r->match != NULL;
	for (uint32_t i = 0; good && i < rule->n_tests; i++) {
		if (rule->tests[i].kind != SNORT_TEST_PCRE)
			continue;
		r->codes[i] = compile(&rule->tests[i].pcre);
		good = r->codes[i] != NULL;
	}
	if (good)
		return r;
	rule_reference_free(r);
	return NULL;
}

void rule_reference_free(struct rule_reference *r) {
	if (r == NULL)
		return;
	for (uint32_t i = 0; i < r->rule->n_tests; i++)
		pcre2_code_free(r->codes[i]);
	pcre2_match_data_free(r->match);
	free(r);
}
