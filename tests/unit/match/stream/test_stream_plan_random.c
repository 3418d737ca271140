// lib/match/stream/stream_plan*.c against two references: thousands of random rules, each over random
// streams, scanned by Hyperscan octet by octet and in random cuts. A rule must match where it is
// first certain to, at the end where only that decides, and nowhere else.

#include "match/snort/snort_file.h"
#include "match/stream/stream_plan.h"

#include "rule_reference.h"

#include "stream_plan_made.h"
#include "stream_plan_reference.h"
#include "stream_plan_rig.h"

#include <criterion/criterion.h>
#include <string.h>

#define STREAMS 10u
#define END (1u << 31)

struct tally {
	uint32_t refused, without_plan, refused_by_hyperscan, tried;
	uint32_t streams, matched, matched_at_end;
};

static bool is_open_greedy(const struct made_node *n) {
	if (n->kind == MADE_CAT)
		return is_open_greedy(n->kids[n->n - 1]);
	return n->kind == MADE_REPEAT && n->greedy && n->hi == MADE_OPEN
		&& n->kids[0]->kind == MADE_SET;
}

// Whether the reference is sure of when such a rule matches: an expression that others refer to has
// one width or grows until an octet stops it.
static bool is_time_known(const struct made_rule *made, const struct snort_rule *rule) {
	for (uint32_t i = 0; i < rule->n_tests; i++) {
		const struct made_regex *x = reference_regex(made, rule, i);
		if (rule->tests[i].kind == SNORT_TEST_PCRE && reference_is_referred_to(rule, i)
		    && !reference_is_fixed(x) && !is_open_greedy(x->root))
			return false;
	}
	return true;
}

// After which octet the rule is first certain to match, as a bit; END; 0: it does not.
static uint32_t expected(struct reference r, const uint8_t *octets, uint32_t len) {
	r.octets = octets;
	for (r.len = 1; r.len <= len; r.len++) {
		if (reference_holds(&r))
			return 1u << (r.len - 1);
	}
	r.len = len;
	r.ended = true;
	return reference_holds(&r) ? END : 0;
}

// `matched` octet by octet, as seen when the stream is cut as `cuts` says.
static uint32_t coarsen(uint32_t matched, uint32_t len, uint32_t cuts) {
	uint32_t seen = matched & END, pending = 0;
	cuts |= 1u << (len - 1);
	for (uint32_t i = 0; i < len; i++) {
		pending |= matched >> i & 1;
		if (cuts >> i & 1) {
			seen |= pending << i;
			pending = 0;
		}
	}
	return seen;
}

static const char *show(const uint8_t *octets, uint32_t len) {
	static char text[64];
	for (uint32_t i = 0; i < len; i++)
		text[i] = octets[i] == '\n' ? '_' : (char)octets[i];
	text[len] = '\0';
	return text;
}

static void try_stream(
	struct plan_rig *rig, const struct reference *r, struct rule_reference *perl,
	struct made_dice *d, struct tally *t
) {
	uint8_t octets[REFERENCE_MAX];
	uint32_t len = 1 + draw(d, 20), letters = 2 + draw(d, 3), cuts = draw(d, UINT32_MAX);
	for (uint32_t i = 0; i < len; i++)
		octets[i] = (uint8_t)MADE_ALPHABET[draw(d, letters)];
	uint32_t fine = plan_rig_scan(rig, octets, len, UINT32_MAX >> 1);
	uint32_t coarse = plan_rig_scan(rig, octets, len, cuts);
	uint32_t want = expected(*r, octets, len);
	uint32_t first = fine & -fine;
	const char *rule = r->made->options, *text = show(octets, len);
	enum rule_reference_verdict verdict = rule_reference_judge(perl, octets, len);
	cr_assert_eq(fine != 0, want != 0, "%s\n%s: %x, expected %x", rule, text, fine, want);
	if (verdict != RULE_UNKNOWN)
		cr_assert_eq(
			fine != 0, verdict == RULE_HOLDS, "%s\n%s: %x, Perl's %d", rule, text, fine,
			verdict
		);
	if (is_time_known(r->made, r->rule))
		cr_assert_eq(first, want, "%s\n%s: first %x, expected %x", rule, text, first, want);
	cr_assert_eq(
		coarse, coarsen(fine, len, cuts), "%s\n%s: %x, cut by %x %x", rule, text, fine,
		cuts, coarse
	);
	t->streams++;
	t->matched += want != 0;
	t->matched_at_end += want == END;
}

static void try_rule(
	const struct made_rule *made, const struct snort_rule *rule, struct made_dice *d,
	struct tally *t
) {
	struct stream_plan *plan;
	struct snort_fault fault = {};
	struct plan_rig rig;
	if (stream_plan_from_rule(rule, &plan, &fault) < 0) {
		cr_assert_not_null(fault.group);
		t->without_plan++;
		return;
	}
	plan_rig_open(&rig, plan);
	if (rig.db == NULL) {
		t->refused_by_hyperscan++;
		stream_plan_free(plan);
		return;
	}
	struct reference r = {.rule = rule, .made = made};
	struct rule_reference *perl = rule_reference_new(rule);
	cr_assert_not_null(perl, "%s", made->options);
	for (uint32_t i = 0; i < STREAMS; i++)
		try_stream(&rig, &r, perl, d, t);
	t->tried++;
	rule_reference_free(perl);
	plan_rig_close(&rig);
	stream_plan_free(plan);
}

static void try_rules(uint64_t seed, uint32_t rules) {
	struct made_dice d = {seed};
	struct made_rule made;
	struct tally t = {};
	for (uint32_t i = 0; i < rules; i++) {
		char text[5000];
		struct snort_rules rs = {};
		struct err err = {};
		made_rule(&d, &made);
		int len = snprintf(
			text, sizeof(text), "alert tcp any any -> any any (%ssid:1;)\n",
			made.options
		);
		int ret = snort_file_read_text("t", text, (uint64_t)len, NULL, &rs, &err);
		cr_assert_eq(ret, 0, "%s", err.text);
		if (rs.n_rules == 1)
			try_rule(&made, &rs.rules[0], &d, &t);
		else
			t.refused++;
		snort_rules_fini(&rs);
	}
	if (getenv("STREAM_PLAN_TALLY") != NULL)
		fprintf(stderr,
			"refused %u, no plan %u, refused by Hyperscan %u, tried %u;"
			" streams %u, matched %u, at the end %u\n",
			t.refused, t.without_plan, t.refused_by_hyperscan, t.tried, t.streams,
			t.matched, t.matched_at_end);
	cr_assert_gt(t.tried * 3, rules, "too few rules have a plan to show anything");
	cr_assert_gt(t.matched * 5, t.streams, "too few streams match to show anything");
	cr_assert_gt(t.matched_at_end * 50, t.streams);
}

Test(stream_plan_random, rules_match_where_they_are_first_certain_to) {
	try_rules(0x9e3779b97f4a7c15, 4000);
}

Test(stream_plan_random, other_rules_do_too) {
	try_rules(0xd1b54a32d192ed03, 4000);
}
