// The rule engine with the rule sets that people have: every rule with a content fires on a packet made
// from it, and not on the same packet with one octet of a content changed. The sets lie beside the
// project or the tests are skipped.

#include "match/detect/detect_priv.h"
#include "rule_packet.h"
#include "rule_payload.h"
#include "rule_sets.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define BITS_MAX 64u

// Sets the bits that the rule wants set: does what a rule that sets them would do.
static void set_bits(
	const struct detect *d, struct detect_scratch *s, const struct snort_rule *r,
	const struct rule_packet *p
) {
	struct snort_bit bits[BITS_MAX];
	struct snort_rule setter = {.bits = bits};
	struct detect_view v;
	for (uint32_t i = 0; i < r->n_bits && i < BITS_MAX; i++) {
		if (r->bits[i].op != SNORT_BIT_ISSET)
			continue;
		bits[setter.n_bits] = r->bits[i];
		bits[setter.n_bits++].op = SNORT_BIT_SET;
	}
	detect_view_init(&v, &p->in);
	detect_bits_apply(&d->bits, &s->xbits, &setter, &v);
}

static bool
fires(const struct detect *d, struct detect_scratch *s, uint32_t rule, struct rule_packet *p,
      const struct rule_payload *payload, uint32_t *out) {
	uint64_t bits[DETECT_FLOW_BITS_MAX / 64] = {};
	p->flow.bits = bits;
	p->in.payload = payload->octets;
	p->in.len = payload->len;
	p->in.time_us += 3600000000; // all xbits of packets ahead have gone out
	set_bits(d, s, &d->rs->rules[rule], p);
	uint32_t n = detect_run(d, s, &p->in, out);
	for (uint32_t i = 0; i < n; i++) {
		if (out[i] == rule)
			return true;
	}
	return false;
}

struct tally {
	uint32_t with_content, made, spoiled;
};

static void check_rule(
	const struct detect *d, struct detect_scratch *s, uint32_t rule, uint32_t *out,
	struct tally *tally
) {
	const struct snort_rule *r = &d->rs->rules[rule];
	struct rule_payload payload;
	struct rule_packet p;
	bool has_content = false;
	for (uint32_t i = 0; i < r->n_tests; i++)
		has_content |= r->tests[i].kind == SNORT_TEST_CONTENT
			&& !(r->tests[i].content.flags & SNORT_NEGATED);
	if (!has_content)
		return;
	tally->with_content++;
	if (!rule_packet_make(r, &p) || rule_payload_make(r, 0, &payload) < 0) {
		cr_log_info("sid %u: no packet was found", r->sid);
		return;
	}
	tally->made++;
	cr_expect(fires(d, s, rule, &p, &payload, out), "sid %u fires on its packet", r->sid);
	for (uint32_t i = 0; i < r->n_tests; i++) {
		if (!rule_payload_spoil(r, &payload, i))
			continue;
		tally->spoiled++;
		cr_expect(
			!fires(d, s, rule, &p, &payload, out), "sid %u: test %u is spoiled", r->sid,
			i
		);
		break;
	}
	rule_payload_fini(&payload);
}

static void check_set(const char *set) {
	struct snort_rules rs = {};
	struct err err = {};
	struct tally tally = {};
	// Few groups, as compiling is what takes time; grouping itself is tested elsewhere.
	const struct detect_config conf = {.groups = 8};
	rule_set_read(set, &rs);
	uint32_t before = rs.n_rules;
	struct detect *d = detect_new(&rs, &conf, &err);
	cr_assert_not_null(d, "%s", err.text);
	cr_expect_eq(rs.n_rules, before, "all that are read compile");
	struct detect_scratch *s = detect_scratch_new(d);
	uint32_t *out = calloc(rs.n_rules + 1, sizeof(*out));
	for (uint32_t i = 0; i < rs.n_rules; i++)
		check_rule(d, s, i, out, &tally);
	cr_log_info(
		"%s: %u rules, %u with a content, %u packets, %u spoiled", set, rs.n_rules,
		tally.with_content, tally.made, tally.spoiled
	);
	cr_expect_geq(tally.made * 100, tally.with_content * 99);
	cr_expect_geq(tally.spoiled * 100, tally.made * 98);
	free(out);
	detect_scratch_free(s);
	detect_free(d);
	snort_rules_fini(&rs);
}

Test(detect_data, emerging_threats_fire_on_their_packets, .timeout = 280) {
	check_set("et-open-2025");
}

Test(detect_data, snort_community_fires_on_its_packets, .timeout = 280) {
	check_set("snort-community-2017");
}
