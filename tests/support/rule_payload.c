// Makes layouts until the reference agrees with one, since a layout looks at no negated test and its
// pcres may match elsewhere than was thought. What lies between gets an octet that is in no content.

#include "rule_payload.h"

#include "rule_lay.h"
#include "rule_reference.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 60

static bool limit_number(struct rule_maker *m, const struct snort_number *n) {
	if (!n->given)
		return true;
	if (!n->negated)
		return rule_layout_limit(
			&m->layout, (int64_t)n->lo,
			n->hi > RULE_LAYOUT_MAX ? RULE_LAYOUT_MAX : (int64_t)n->hi
		);
	return n->lo > 1 ? rule_layout_limit(&m->layout, 0, (int64_t)n->lo - 1)
			 : rule_layout_limit(&m->layout, (int64_t)n->hi + 1, RULE_LAYOUT_MAX);
}

// An octet that is in no content, in no case, no digit and no white space.
static uint8_t filler(const struct rule_maker *m, uint64_t turn) {
	bool used[256] = {};
	for (uint32_t i = 0; i < m->rule->n_tests; i++) {
		const struct snort_content *c = &m->rule->tests[i].content;
		for (uint32_t k = 0; m->rule->tests[i].kind == SNORT_TEST_CONTENT && k < c->len;
		     k++) {
			used[c->octets[k]] = true;
			used[(uint8_t)tolower(c->octets[k])] = true;
			used[(uint8_t)toupper(c->octets[k])] = true;
		}
	}
	static const char liked[] = "QzjvKYwgpumn#~+!";
	uint32_t n = sizeof(liked) - 1;
	for (uint32_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)liked[(i + turn) % n];
		if (!used[c])
			return c;
	}
	for (uint32_t i = 0; i < 256; i++) {
		uint8_t c = (uint8_t)(0x80 + i + turn);
		if (!used[c])
			return c;
	}
	return 'Q';
}

static bool
attempt(struct rule_maker *m, uint64_t seed, struct rule_reference *r, struct rule_payload *p) {
	struct rule_layout *l = &m->layout;
	rule_layout_init(l);
	m->seed = seed / 2;
	m->pcres_first = seed % 2 == 1;
	m->steps = 0;
	for (uint32_t i = 0; i < m->rule->n_tests; i++)
		m->ends[i] = -1;
	if (!limit_number(m, &m->rule->dsize) || !limit_number(m, &m->rule->bsize))
		return false;
	if ((m->pcres_first && !rule_lay_pcres(m)) || !rule_lay(m, 0, 0))
		return false;
	uint32_t len = l->now.len_min > l->now.high ? l->now.len_min : l->now.high;
	if (len > l->now.len_max)
		return false;
	uint8_t fill = filler(m, m->seed);
	for (uint32_t i = 0; i < len; i++) {
		if (!l->decided[i])
			l->octets[i] = fill;
	}
	if (rule_reference_judge(r, l->octets, len) != RULE_HOLDS)
		return false;
	memcpy(p->octets, l->octets, len);
	p->len = len;
	return true;
}

int rule_payload_make(const struct snort_rule *rule, uint64_t seed, struct rule_payload *p) {
	struct rule_maker *m = malloc(sizeof(*m));
	struct rule_reference *r = rule_reference_new(rule);
	int64_t *ends = calloc(rule->n_tests + 1, sizeof(*ends));
	*p = (struct rule_payload){
		.octets = malloc(RULE_LAYOUT_MAX),
	};
	bool made = false;
	if (m != NULL && r != NULL && ends != NULL && p->octets != NULL) {
		m->rule = rule;
		m->ends = ends;
		for (unsigned i = 0; i < ATTEMPTS && !made; i++)
			made = attempt(m, seed * ATTEMPTS + i, r, p);
	}
	rule_reference_free(r);
	free(ends);
	free(m);
	if (made)
		return 0;
	rule_payload_fini(p);
	return -ENOENT;
}

void rule_payload_fini(struct rule_payload *p) {
	free(p->octets);
	*p = (struct rule_payload){};
}

static bool occurs_at(const struct snort_content *c, const uint8_t *octets) {
	for (uint32_t i = 0; i < c->len; i++) {
		if (octets[i] != c->octets[i]
		    && !((c->flags & SNORT_NOCASE) && isascii(c->octets[i])
			 && tolower(octets[i]) == tolower(c->octets[i])))
			return false;
	}
	return true;
}

// An octet that cannot be part of the content; false: there is none.
static bool foreign_octet(const struct snort_content *c, uint8_t *octet) {
	for (unsigned i = 0; i < 256; i++) {
		*octet = (uint8_t)('~' + i);
		if (memchr(c->octets, *octet, c->len) == NULL
		    && memchr(c->octets, tolower(*octet), c->len) == NULL
		    && memchr(c->octets, toupper(*octet), c->len) == NULL)
			return true;
	}
	return false;
}

uint32_t rule_payload_spoil(const struct snort_rule *rule, struct rule_payload *p, uint32_t test) {
	const struct snort_test *t = &rule->tests[test];
	uint32_t changed = 0;
	uint8_t octet;
	if (t->kind != SNORT_TEST_CONTENT || (t->content.flags & SNORT_NEGATED)
	    || !foreign_octet(&t->content, &octet))
		return 0;
	for (uint32_t at = 0; at + t->content.len <= p->len; at++) {
		if (!occurs_at(&t->content, &p->octets[at]))
			continue;
		p->octets[at + t->content.len / 2] = octet;
		changed++;
	}
	return changed;
}
