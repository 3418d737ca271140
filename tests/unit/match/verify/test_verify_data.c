// The verifier on whole rules: a payload is made from each that must match, spoiled in each content so
// that it must not, and damaged at random, where the reference decides. With rules written for it, and
// with the rule sets that lie beside the project; those tests are skipped where there are none.

#include "dice.h"
#include "match/verify/verify.h"
#include "match/verify/verify_gate.h"
#include "rule_payload.h"
#include "rule_reference.h"
#include "rule_sets.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAMAGED 8

static const char own[] =
	"alert tcp any any -> any any (content:\"GET /\"; startswith; content:\"..%c0\"; distance:3;"
	" nocase; pcre:\"/\\.\\.%c0[a-f0-9]{2}\\//iR\"; sid:1;)\n"
	"alert udp any any -> any 53 (content:\"|01 00 00 01|\"; offset:2; depth:4;"
	" byte_test:2,>,4,8; content:!\"|00|\"; offset:12; depth:3; dsize:>60; sid:2;)\n"
	"alert tcp any any -> any 445 (content:\"|ff|SMB\"; offset:4; depth:4; byte_jump:2,30,relative,"
	"little; content:\"|5c 00|\"; within:2; isdataat:20,relative; sid:3;)\n"
	"alert tcp any any -> any any (content:\"USER \"; content:!\"|0a|\"; within:40;"
	" isdataat:60,relative; sid:4;)\n"
	"alert icmp any any -> any any (dsize:56; content:\"abcdefgh\"; offset:3; depth:20; sid:5;)\n"
	"alert udp any any -> any any (content:\"one\"; fast_pattern:only; content:\"two\";"
	" content:\"three\"; distance:-9; within:14; content:\"end\"; endswith; sid:6;)\n"
	"alert tcp any any -> any any (content:\"Length: \"; byte_test:0,>,4096,0,relative,string,dec;"
	" pcre:\"/^Content-Length: \\d+\\r\\n/m\"; sid:7;)\n"
	"alert tcp any any -> any any (pcre:\"/^(?:PASS|USER)\\s+(\\w+)@\\1$/\"; sid:8;)\n"
	"alert tcp any any -> any any (content:\"a\"; content:\"b\"; within:3; content:\"c\"; distance:2;"
	" within:3; content:!\"d\"; within:4; isdataat:!9,relative; sid:9;)\n";

static void read_own(struct snort_rules *rs) {
	struct err err = {};
	cr_assert_eq(snort_file_read_text("own", own, sizeof(own) - 1, NULL, rs, &err), 0);
	cr_assert_eq(rs->n_refusals, 0u, "%s", rs->n_refusals > 0 ? rs->refusals[0].reason : "");
}

struct tally {
	uint32_t rules; // with tests
	uint32_t made; // payloads
	uint32_t spoiled;
	uint32_t damaged, held; // those that the reference decided
};

struct bench {
	struct verify_scratch *scratch;
	struct verifier *v;
	struct rule_reference *r;
	const struct snort_rule *rule;
	uint64_t seed;
	struct tally *tally;
};

static uint32_t draw(struct bench *b, uint32_t n) {
	return dice_draw(&b->seed, n);
}

static bool passes(const struct verify_gate *g, const struct rule_payload *p) {
	uint32_t end = p->len < g->end_max ? p->len : g->end_max;
	if (g->kind != VERIFY_GATE_LITERAL)
		return true;
	for (uint32_t at = g->start_min; at + g->len <= end; at++) {
		const char *there = (const char *)&p->octets[at], *want = (const char *)g->octets;
		if (memcmp(there, want, g->len) == 0
		    || (g->nocase && strncasecmp(there, want, g->len) == 0))
			return true;
	}
	return false;
}

static void check_spoiled(struct bench *b, const struct rule_payload *p) {
	struct rule_payload copy = {.octets = malloc(p->len), .len = p->len};
	for (uint32_t i = 0; i < b->rule->n_tests; i++) {
		memcpy(copy.octets, p->octets, p->len);
		if (rule_payload_spoil(b->rule, &copy, i) == 0)
			continue;
		cr_expect_not(
			verifier_run(b->v, b->scratch, copy.octets, copy.len), "sid %u, test %u",
			b->rule->sid, i
		);
		b->tally->spoiled++;
	}
	free(copy.octets);
}

// Octets changed, taken out and put in twice.
static void check_damaged(struct bench *b, const struct rule_payload *p) {
	uint8_t *octets = malloc(p->len + 1);
	for (unsigned n = 0; n < DAMAGED; n++) {
		uint32_t at = draw(b, p->len), len = p->len;
		memcpy(octets, p->octets, len);
		switch (draw(b, 3)) {
		case 0:
			octets[at] = octets[draw(b, len)];
			break;
		case 1:
			memmove(&octets[at], &octets[at + 1], len - at - 1);
			len--;
			break;
		default:
			memmove(&octets[at + 1], &octets[at], len - at);
			len++;
		}
		enum rule_reference_verdict want = rule_reference_judge(b->r, octets, len);
		bool got = verifier_run(b->v, b->scratch, octets, len);
		if (want == RULE_UNKNOWN)
			continue;
		cr_expect_eq(got, want == RULE_HOLDS, "sid %u, damage %u", b->rule->sid, n);
		b->tally->damaged++;
		b->tally->held += got;
	}
	free(octets);
}

static void check_rule(struct bench *b) {
	struct rule_payload p;
	struct verify_gate gate;
	struct err err = {};
	b->v = verifier_new(b->rule, &err);
	b->r = rule_reference_new(b->rule);
	cr_assert_not_null(b->v, "sid %u: %s", b->rule->sid, err.text);
	cr_assert_not_null(b->r);
	if (rule_payload_make(b->rule, 0, &p) == 0) {
		cr_expect(verifier_run(b->v, b->scratch, p.octets, p.len), "sid %u", b->rule->sid);
		cr_assert_eq(verifier_gate(b->rule, &gate), 0);
		cr_expect(passes(&gate, &p), "sid %u: the gate is shut", b->rule->sid);
		verify_gate_fini(&gate);
		check_spoiled(b, &p);
		check_damaged(b, &p);
		b->tally->made++;
		rule_payload_fini(&p);
	} else {
		cr_log_info("no payload for sid %u", b->rule->sid);
	}
	verifier_free(b->v);
	rule_reference_free(b->r);
}

static void check(const struct snort_rules *rs, struct tally *tally) {
	struct bench b = {.scratch = verify_scratch_new(65535), .seed = 1, .tally = tally};
	for (uint32_t i = 0; i < rs->n_rules; i++) {
		b.rule = &rs->rules[i];
		if (b.rule->n_tests == 0)
			continue;
		tally->rules++;
		check_rule(&b);
	}
	cr_log_info(
		"%u rules, %u payloads made, %u spoiled, %u damaged of which %u still match",
		tally->rules, tally->made, tally->spoiled, tally->damaged, tally->held
	);
	cr_expect_eq(b.scratch->limited, 0u);
	verify_scratch_free(b.scratch);
}

Test(verify_data, rules_of_our_own_match_what_is_made_from_them) {
	struct snort_rules rs = {};
	struct tally tally = {};
	read_own(&rs);
	check(&rs, &tally);
	cr_assert_eq(tally.made, 9u);
	cr_assert_eq(tally.spoiled, 15u);
	snort_rules_fini(&rs);
}

// All but one in two hundred: a rule may contradict itself, or be beyond the maker.
static void check_set(const char *set) {
	struct snort_rules rs = {};
	struct tally tally = {};
	rule_set_read(set, &rs);
	check(&rs, &tally);
	cr_assert_gt(tally.rules, 0u);
	cr_assert_leq((tally.rules - tally.made) * 200, tally.rules);
	cr_assert_geq(tally.spoiled, tally.made - tally.made / 50);
	snort_rules_fini(&rs);
}

Test(verify_data, emerging_threats_rules_match_what_is_made_from_them, .timeout = 280) {
	check_set("et-open-2025");
}

Test(verify_data, snort_community_rules_match_what_is_made_from_them, .timeout = 280) {
	check_set("snort-community-2017");
}
