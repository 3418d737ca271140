// Chooses the gate. A test that is not negated has to hold for the rule to match, so any of them would
// do; which one decides how often the verifier is asked in vain.

#include "verify_gate.h"

#include "match/rules/ruleset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// The content that the rule wants, or the longest; the first of equals.
static const struct snort_content *choose_content(const struct snort_rule *rule) {
	const struct snort_content *best = NULL;
	for (uint32_t i = 0; i < rule->n_tests; i++) {
		const struct snort_test *t = &rule->tests[i];
		if (t->kind != SNORT_TEST_CONTENT || (t->content.flags & SNORT_NEGATED))
			continue;
		if (t->content.flags & SNORT_FAST_PATTERN)
			return &t->content;
		if (best == NULL || t->content.len > best->len)
			best = &t->content;
	}
	return best;
}

static void take_content(struct verify_gate *g, const struct snort_content *c) {
	uint32_t at = c->flags & SNORT_FAST_PATTERN ? c->fast_at : 0;
	uint32_t len = c->flags & SNORT_FAST_PATTERN ? c->fast_len : c->len;
	if (len > VERIFY_GATE_LEN_MAX)
		len = VERIFY_GATE_LEN_MAX;
	*g = (struct verify_gate){
		.kind = VERIFY_GATE_LITERAL,
		.octets = &c->octets[at],
		.len = len,
		.nocase = (c->flags & SNORT_NOCASE) != 0,
		.start_min = at,
		.end_max = UINT32_MAX,
	};
	if (c->flags & SNORT_OFFSET)
		g->start_min += c->offset;
	if (c->flags & SNORT_DEPTH)
		g->end_max = (c->flags & SNORT_OFFSET ? c->offset : 0) + c->depth
			- (c->len - at - len);
}

// A relative pcre sees a subject that begins elsewhere, where a circumflex matches too.
static const struct snort_pcre *choose_pcre(const struct snort_rule *rule) {
	for (uint32_t i = 0; i < rule->n_tests; i++) {
		const struct snort_test *t = &rule->tests[i];
		if (t->kind == SNORT_TEST_PCRE
		    && !(t->pcre.flags & (SNORT_PCRE_NEGATED | SNORT_PCRE_RELATIVE)))
			return &t->pcre;
	}
	return NULL;
}

static int take_pcre(struct verify_gate *g, const struct snort_pcre *p) {
	// An extended expression may end in a comment, which only a line's end ends.
	const char *anchor = p->flags & SNORT_PCRE_ANCHORED ? "\\A" : "";
	const char *before = p->flags & SNORT_PCRE_EXTENDED ? "(?x:" : "(?:";
	const char *after = p->flags & SNORT_PCRE_EXTENDED ? "\n)" : ")";
	if (asprintf(&g->regex, "%s%s%s%s", anchor, before, p->regex, after) < 0) {
		g->regex = NULL;
		return -ENOMEM;
	}
	g->kind = VERIFY_GATE_PCRE;
	g->flags = (p->flags & SNORT_PCRE_CASELESS ? PATTERN_CASELESS : 0)
		| (p->flags & SNORT_PCRE_DOTALL ? PATTERN_DOTALL : 0)
		| (p->flags & SNORT_PCRE_MULTILINE ? PATTERN_MULTILINE : 0);
	return 0;
}

int verifier_gate(const struct snort_rule *rule, struct verify_gate *gate) {
	*gate = (struct verify_gate){.kind = VERIFY_GATE_ALWAYS};
	const struct snort_content *c = choose_content(rule);
	if (c != NULL) {
		take_content(gate, c);
		return 0;
	}
	const struct snort_pcre *p = choose_pcre(rule);
	return p == NULL ? 0 : take_pcre(gate, p);
}

void verify_gate_fini(struct verify_gate *gate) {
	free(gate->regex);
	gate->regex = NULL;
}
