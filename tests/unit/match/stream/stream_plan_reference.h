// What a rule means over a stream, decided the slow way, by trying every place of every test.
// Before the stream's end a rule holds when it would hold however the stream went on.
#pragma once

#include "match/snort/snort_rule.h"

#include "stream_plan_made.h"

#define REFERENCE_MAX 30u // octets of a stream

struct reference {
	const struct snort_rule *rule;
	const struct made_rule *made;
	const uint8_t *octets;
	int64_t len; // as many are known
	bool ended; // no more will come
};

static inline bool reference_from(const struct reference *r, uint32_t i, int64_t pos);

static inline bool reference_same(const struct snort_content *c, uint32_t i, uint8_t octet) {
	uint8_t want = c->octets[i];
	bool letter = (want | 0x20) >= 'a' && (want | 0x20) <= 'z';
	return want == octet
		|| ((c->flags & SNORT_NOCASE) && letter && (want | 0x20) == (octet | 0x20));
}

static inline bool
reference_is_at(const struct reference *r, const struct snort_content *c, int64_t at) {
	if (at + c->len > r->len)
		return false;
	if ((c->flags & SNORT_ENDSWITH) && (!r->ended || at + c->len != r->len))
		return false;
	for (uint32_t i = 0; i < c->len; i++) {
		if (!reference_same(c, i, r->octets[at + i]))
			return false;
	}
	return true;
}

// Whether it is there, or may come to be.
static inline bool
reference_may_be_at(const struct reference *r, const struct snort_content *c, int64_t at) {
	for (uint32_t i = 0; i < c->len; i++) {
		if (at + i >= r->len)
			return !r->ended;
		if (!reference_same(c, i, r->octets[at + i]))
			return false;
	}
	return !(c->flags & SNORT_ENDSWITH) || !r->ended || at + c->len == r->len;
}

static inline bool reference_content(const struct reference *r, uint32_t i, int64_t pos) {
	const struct snort_content *c = &r->rule->tests[i].content;
	bool relative = (c->flags & (SNORT_DISTANCE | SNORT_WITHIN)) != 0;
	int64_t from = relative ? pos + c->distance : 0;
	int64_t to = c->flags & SNORT_WITHIN ? from + c->within - c->len : INT64_MAX;
	if (from < 0)
		from = 0;
	if (c->flags & SNORT_NEGATED) {
		if (to == INT64_MAX && !r->ended)
			return false;
		for (int64_t at = from; at <= to && at <= r->len + REFERENCE_MAX; at++) {
			if (reference_may_be_at(r, c, at))
				return false;
		}
		return reference_from(r, i + 1, pos);
	}
	for (int64_t at = from; at <= to && at < r->len; at++) {
		int64_t next = c->flags & SNORT_FAST_PATTERN_ONLY ? pos : at + c->len;
		if (reference_is_at(r, c, at) && reference_from(r, i + 1, next))
			return true;
	}
	return false;
}

static inline bool reference_is_word(const struct reference *r, int64_t at, int64_t base) {
	return at >= base && at < r->len && r->octets[at] != '\n';
}

static inline bool reference_asserts(
	const struct reference *r, const struct made_regex *x, enum made_kind what, int64_t at,
	int64_t base
) {
	switch (what) {
	case MADE_START:
		return at == base || (x->multiline && r->octets[at - 1] == '\n');
	case MADE_END:
		if (r->ended && at == r->len)
			return true;
		if (at == r->len || r->octets[at] != '\n')
			return false;
		return x->multiline || (r->ended && at + 1 == r->len);
	default:
		if (at == r->len && !r->ended)
			return false;
		return reference_is_word(r, at - 1, base) != reference_is_word(r, at, base);
	}
}

static inline bool reference_in_set(const struct made_regex *x, uint32_t set, uint8_t octet) {
	uint32_t letter = (uint32_t)(strchr(MADE_ALPHABET, octet) - MADE_ALPHABET);
	if (set == 15) // a dot
		return x->dotall || octet != '\n';
	if (set >> letter & 1)
		return true;
	// b and B are 1 and 2. Without case [^a] and the like have both or none.
	return x->caseless && (letter == 1 || letter == 2) && (set & 6) != 0;
}

// Where matches of the node end that begin at one of `places`; sets of offsets are bits.
static inline uint32_t reference_ends(
	const struct reference *r, const struct made_regex *x, const struct made_node *n,
	uint32_t places, int64_t base
) {
	uint32_t out = 0;
	switch (n->kind) {
	case MADE_SET:
		for (uint32_t at = 0; at < r->len; at++) {
			if ((places >> at & 1) && reference_in_set(x, n->set, r->octets[at]))
				out |= 2u << at;
		}
		return out;
	case MADE_START:
	case MADE_END:
	case MADE_EDGE:
		for (uint32_t at = 0; at <= r->len; at++) {
			if ((places >> at & 1) && reference_asserts(r, x, n->kind, at, base))
				out |= 1u << at;
		}
		return out;
	case MADE_CAT:
		for (uint32_t i = 0; i < n->n; i++)
			places = reference_ends(r, x, n->kids[i], places, base);
		return places;
	case MADE_ALT:
		for (uint32_t i = 0; i < n->n; i++)
			out |= reference_ends(r, x, n->kids[i], places, base);
		return out;
	case MADE_REPEAT:
		for (uint32_t times = 0; times <= n->hi && times <= n->lo + REFERENCE_MAX;
		     times++) {
			if (times >= n->lo)
				out |= places;
			places = reference_ends(r, x, n->kids[0], places, base);
		}
		return out;
	}
	return 0;
}

// Octets of a match: the fewest or, `most`, the most.
static inline uint32_t reference_width(const struct made_node *n, bool most) {
	uint32_t width = 0, kid;
	if (n->kind == MADE_SET)
		return 1;
	for (uint32_t i = 0; i < n->n; i++) {
		kid = reference_width(n->kids[i], most);
		if (n->kind == MADE_ALT)
			width = i == 0 || (most ? kid > width : kid < width) ? kid : width;
		else
			width += n->kind == MADE_REPEAT ? kid * (most ? n->hi : n->lo) : kid;
	}
	return width;
}

static inline bool reference_is_fixed(const struct made_regex *x) {
	return reference_width(x->root, false) == reference_width(x->root, true);
}

static inline bool reference_is_relative(const struct snort_test *t) {
	switch (t->kind) {
	case SNORT_TEST_CONTENT:
		return (t->content.flags & (SNORT_DISTANCE | SNORT_WITHIN)) != 0;
	case SNORT_TEST_PCRE:
		return (t->pcre.flags & SNORT_PCRE_RELATIVE) != 0;
	case SNORT_TEST_ISDATAAT:
		return t->isdataat.relative;
	default:
		return false;
	}
}

// Whether a later test is relative to test i.
static inline bool reference_is_referred_to(const struct snort_rule *rule, uint32_t i) {
	for (i++; i < rule->n_tests; i++) {
		const struct snort_test *t = &rule->tests[i];
		if (reference_is_relative(t))
			return true;
		if (t->kind == SNORT_TEST_CONTENT
		    && !(t->content.flags & (SNORT_NEGATED | SNORT_FAST_PATTERN_ONLY)))
			return false;
		if (t->kind == SNORT_TEST_PCRE && !(t->pcre.flags & SNORT_PCRE_NEGATED))
			return false;
	}
	return false;
}

// The tree of the pcre that is test i.
static inline const struct made_regex *
reference_regex(const struct made_rule *made, const struct snort_rule *rule, uint32_t i) {
	uint32_t before = 0;
	for (uint32_t k = 0; k < i; k++)
		before += rule->tests[k].kind == SNORT_TEST_PCRE;
	return &made->regexes[before];
}

static inline bool reference_pcre(const struct reference *r, uint32_t i, int64_t pos) {
	const struct snort_pcre *p = &r->rule->tests[i].pcre;
	const struct made_regex *x = reference_regex(r->made, r->rule, i);
	int64_t base = p->flags & SNORT_PCRE_RELATIVE ? pos : 0;
	int64_t last = p->flags & SNORT_PCRE_ANCHORED ? base : r->len;
	bool negated = (p->flags & SNORT_PCRE_NEGATED) != 0;
	if (negated && !r->ended)
		return false;
	for (int64_t at = base; at <= last; at++) {
		uint32_t ends = reference_ends(r, x, x->root, 1u << at, base);
		if (ends == 0)
			continue;
		if (negated)
			return false;
		// Where it matters which end, the longest: only such have a plan.
		int64_t end = 31 - __builtin_clz(ends);
		bool may_grow = end == r->len && !r->ended && !reference_is_fixed(x);
		if (may_grow && reference_is_referred_to(r->rule, i))
			continue;
		if (reference_from(r, i + 1, end))
			return true;
	}
	return negated && reference_from(r, i + 1, pos);
}

static inline bool reference_isdataat(const struct reference *r, uint32_t i, int64_t pos) {
	const struct snort_isdataat *d = &r->rule->tests[i].isdataat;
	bool there = d->relative ? pos + d->offset <= r->len : d->offset < r->len;
	if (d->negated && !r->ended)
		return false;
	return there != d->negated && reference_from(r, i + 1, pos);
}

static inline bool reference_from(const struct reference *r, uint32_t i, int64_t pos) {
	if (i == r->rule->n_tests)
		return true;
	switch (r->rule->tests[i].kind) {
	case SNORT_TEST_CONTENT:
		return reference_content(r, i, pos);
	case SNORT_TEST_PCRE:
		return reference_pcre(r, i, pos);
	case SNORT_TEST_ISDATAAT:
		return reference_isdataat(r, i, pos);
	default:
		return false;
	}
}

static inline bool reference_holds(const struct reference *r) {
	return r->len > 0 && reference_from(r, 0, 0);
}
