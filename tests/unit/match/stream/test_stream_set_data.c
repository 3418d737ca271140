// The rule sets that people have, compiled for streams: all rules with a plan compile, and each of them
// is found in a stream made from its contents. They lie beside the project or the tests are skipped.

#include "stream_set_rig.h"

#include "match/stream/stream_set_priv.h"
#include "rule_packet.h"
#include "rule_payload.h"
#include "rule_sets.h"

static bool is_found(const struct set_rig *g, uint32_t rule, const struct rule_payload *payload) {
	bool found[RIG_RULES] = {};
	uint32_t group[STREAM_GROUPS_MAX];
	struct rule_packet p;
	cr_assert(rule_packet_make(&g->rules.rules[rule], &p));
	uint32_t n = stream_set_groups_of(g->set, p.in.key, p.in.flow->dir, group);
	for (uint32_t i = 0; i < n; i++)
		rig_scan_group(g, group[i], payload->octets, payload->len, found);
	return found[rule];
}

static void check_set(const char *set, uint32_t least) {
	struct set_rig g = {.patterns = rig_patterns("")};
	const struct stream_set_config conf = {.groups = 8};
	struct stream_set_stats stats;
	uint32_t planned = 0, made = 0;
	rule_set_read(set, &g.rules);
	cr_assert_lt(g.rules.n_rules, RIG_RULES);
	for (uint32_t i = 0; i < g.rules.n_rules; i++) {
		const struct snort_rule *r = &g.rules.rules[i];
		struct stream_plan *plan = NULL;
		struct snort_fault fault = {};
		if ((r->protos & SNORT_TCP) && !r->per_packet)
			planned += stream_plan_from_rule(r, &plan, &fault) == 0;
		stream_plan_free(plan);
	}
	rig_make(&g, &conf);
	rig_settle(&g);
	stream_set_stats(g.set, &stats);
	cr_log_info(
		"%s: %u rules, %u groups, %lu octets, streams of %u octets at most", set,
		stats.rules, stats.groups, stats.database_octets, stats.stream_octets_max
	);
	cr_expect_eq(stats.rules, planned, "all that have a plan compile");
	cr_expect_geq(stats.rules, least);
	for (uint32_t i = 0; i < g.rules.n_rules; i++) {
		const struct snort_rule *r = &g.rules.rules[i];
		struct rule_payload payload;
		struct rule_packet p;
		if (!(r->protos & SNORT_TCP) || r->per_packet || !rule_packet_make(r, &p)
		    || p.in.key->proto != 6 || rule_payload_make(r, 0, &payload) < 0)
			continue;
		made++;
		cr_expect(is_found(&g, i, &payload), "sid %u", r->sid);
		rule_payload_fini(&payload);
	}
	cr_expect_geq(made * 100, planned * 98, "%u of %u were tried", made, planned);
	rig_fini(&g);
}

Test(stream_set_data, emerging_threats_are_found_in_streams, .timeout = 280) {
	check_set("et-open-2025", 500);
}

Test(stream_set_data, snort_community_is_found_in_streams, .timeout = 280) {
	check_set("snort-community-2017", 40);
}
