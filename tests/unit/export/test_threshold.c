// Thresholds: which of a series of alerts go out, what is counted apart, and what happens when there are
// more counters asked for than there are.

#include "alert_help.h"
#include "export/threshold.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1000000ll

static struct threshold *table;
static struct rule_info rule;

static void open_table(void) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	table = threshold_new(128, &seed);
	cr_assert_not_null(table);
	rule = (struct rule_info){.gid = 1, .sid = 7, .signature = "", .category = ""};
}

static void close_table(void) {
	threshold_free(table);
}

TestSuite(threshold, .init = open_table, .fini = close_table);

static void limit(uint8_t type, uint8_t track, uint32_t count, uint32_t seconds) {
	rule.threshold = (struct rule_threshold
	){.type = type, .track = track, .count = count, .seconds = seconds};
}

static bool pass_at(int64_t time_us, const char *src, const char *dst) {
	struct alert a = make_alert(&rule, time_us, src, dst);
	return threshold_pass(table, &a);
}

// One alert a second from 0 on; "x" for each that goes out.
static void expect_series(const char *want) {
	char got[64] = "";
	size_t n = strlen(want);
	for (size_t i = 0; i < n; i++)
		got[i] = pass_at((int64_t)i * SECOND, "1.1.1.1", "2.2.2.2") ? 'x' : '.';
	cr_expect_str_eq(got, want, "%s", got);
}

Test(threshold, none_lets_all_pass) {
	expect_series("xxxxxxxx");
}

Test(threshold, limit_lets_the_first_of_each_stretch_pass) {
	limit(RULE_THRESHOLD_LIMIT, RULE_BY_SRC, 2, 5);
	expect_series("xx...xx...xx..");
}

Test(threshold, every_lets_each_nth_pass) {
	limit(RULE_THRESHOLD_EVERY, RULE_BY_SRC, 3, 60);
	expect_series("..x..x..x.");
}

Test(threshold, every_begins_anew_when_its_time_is_over) {
	limit(RULE_THRESHOLD_EVERY, RULE_BY_SRC, 3, 4);
	// Seconds 0 to 3, then 4 to 7 and so on.
	expect_series("..x...x...x.");
}

Test(threshold, both_lets_one_of_each_stretch_pass) {
	limit(RULE_THRESHOLD_BOTH, RULE_BY_SRC, 2, 5);
	expect_series(".x....x....x...");
}

Test(threshold, filter_lets_all_but_the_first_pass) {
	limit(RULE_THRESHOLD_FILTER, RULE_BY_SRC, 3, 6);
	expect_series("...xxx...xxx");
}

Test(threshold, what_was_kept_back_is_added_to_the_next_that_goes_out) {
	limit(RULE_THRESHOLD_EVERY, RULE_BY_RULE, 3, 60);
	struct alert a = make_alert(&rule, 0, "1.1.1.1", "2.2.2.2");
	struct alert b = a, c = a, d = a;
	b.bytes = 1000;
	cr_assert_not(threshold_pass(table, &a));
	cr_assert_not(threshold_pass(table, &b));
	cr_assert(threshold_pass(table, &c));
	cr_expect_eq(c.packets, 3);
	cr_expect_eq(c.bytes, 1200);
	cr_assert_not(threshold_pass(table, &d));
	cr_expect_eq(d.packets, 1);
}

Test(threshold, tracks_what_it_is_told_to) {
	static const struct {
		uint8_t track;
		// An alert 1.1.1.1 -> 2.2.2.2 was let pass; do these count with it?
		bool same_src, same_dst, reversed, other;
	} cases[] = {
		{RULE_BY_SRC, true, false, false, false},
		{RULE_BY_DST, false, true, false, false},
		{RULE_BY_BOTH, false, false, false, false},
		{RULE_BY_RULE, true, true, true, true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rule.sid = 100 + (uint32_t)i;
		limit(RULE_THRESHOLD_LIMIT, cases[i].track, 1, 60);
		cr_expect(pass_at(0, "1.1.1.1", "2.2.2.2"), "%zu", i);
		cr_expect_not(pass_at(0, "1.1.1.1", "2.2.2.2"), "%zu", i);
		cr_expect_eq(pass_at(0, "1.1.1.1", "3.3.3.3"), !cases[i].same_src, "%zu", i);
		cr_expect_eq(pass_at(0, "4.4.4.4", "2.2.2.2"), !cases[i].same_dst, "%zu", i);
		cr_expect_eq(pass_at(0, "2.2.2.2", "1.1.1.1"), !cases[i].reversed, "%zu", i);
		cr_expect_eq(pass_at(0, "5.5.5.5", "6.6.6.6"), !cases[i].other, "%zu", i);
	}
}

Test(threshold, by_flow_takes_both_directions_together) {
	limit(RULE_THRESHOLD_LIMIT, RULE_BY_FLOW, 1, 60);
	struct alert a = make_alert(&rule, 0, "1.1.1.1", "2.2.2.2");
	struct alert back = make_alert(&rule, 1, "2.2.2.2", "1.1.1.1");
	back.key.src_port = a.key.dst_port;
	back.key.dst_port = a.key.src_port;
	struct alert other = a;
	other.key.src_port++;
	cr_expect(threshold_pass(table, &a));
	cr_expect_not(threshold_pass(table, &back));
	cr_expect(threshold_pass(table, &other));
}

Test(threshold, rules_are_counted_apart) {
	limit(RULE_THRESHOLD_LIMIT, RULE_BY_RULE, 1, 60);
	cr_expect(pass_at(0, "1.1.1.1", "2.2.2.2"));
	rule.sid++;
	cr_expect(pass_at(0, "1.1.1.1", "2.2.2.2"));
	rule.gid++;
	cr_expect(pass_at(0, "1.1.1.1", "2.2.2.2"));
	cr_expect_not(pass_at(0, "1.1.1.1", "2.2.2.2"));
}

Test(threshold, a_rule_keeps_its_counters_when_it_is_loaded_anew) {
	limit(RULE_THRESHOLD_LIMIT, RULE_BY_SRC, 1, 60);
	cr_expect(pass_at(0, "1.1.1.1", "2.2.2.2"));
	struct rule_info again = rule;
	struct alert a = make_alert(&again, 1, "1.1.1.1", "2.2.2.2");
	cr_expect_not(threshold_pass(table, &a));
}

Test(threshold, late_alerts_belong_to_the_stretch_that_is_open) {
	limit(RULE_THRESHOLD_LIMIT, RULE_BY_SRC, 1, 10);
	cr_expect(pass_at(100 * SECOND, "1.1.1.1", "2.2.2.2"));
	cr_expect_not(pass_at(50 * SECOND, "1.1.1.1", "2.2.2.2"));
	cr_expect_not(pass_at(109 * SECOND, "1.1.1.1", "2.2.2.2"));
	cr_expect(pass_at(110 * SECOND, "1.1.1.1", "2.2.2.2"));
}

Test(threshold, time_before_1970_is_time) {
	limit(RULE_THRESHOLD_LIMIT, RULE_BY_SRC, 1, 10);
	cr_expect(pass_at(-100 * SECOND, "1.1.1.1", "2.2.2.2"));
	cr_expect_not(pass_at(-91 * SECOND, "1.1.1.1", "2.2.2.2"));
	cr_expect(pass_at(-90 * SECOND, "1.1.1.1", "2.2.2.2"));
}

static bool pass_number(int64_t time_us, uint32_t n) {
	char src[32];
	snprintf(src, sizeof(src), "10.0.%u.%u", n >> 8, n & 255);
	return pass_at(time_us, src, "2.2.2.2");
}

Test(threshold, counters_whose_time_is_over_make_room_for_others) {
	limit(RULE_THRESHOLD_LIMIT, RULE_BY_SRC, 1, 10);
	for (uint32_t n = 0; n < 64; n++)
		cr_assert(pass_number(0, n));
	for (uint32_t n = 64; n < 128; n++)
		cr_assert(pass_number(8 * SECOND, n));
	// The table is full. Half of it is over now, and goes first.
	for (uint32_t n = 128; n < 192; n++)
		cr_assert(pass_number(11 * SECOND, n));
	for (uint32_t n = 64; n < 192; n++)
		cr_expect_not(pass_number(12 * SECOND, n), "%u was forgotten", n);
}

Test(threshold, a_flood_of_sources_costs_counters_and_nothing_else) {
	limit(RULE_THRESHOLD_LIMIT, RULE_BY_SRC, 1, 3600);
	for (uint32_t n = 0; n < 50000; n++)
		cr_assert(pass_number(n, n));
	cr_expect_not(pass_number(50000, 49999));
}

Test(threshold, who_is_forgotten_does_not_depend_on_the_seed) {
	char went[2][4096];
	limit(RULE_THRESHOLD_LIMIT, RULE_BY_SRC, 1, 5);
	for (uint64_t k = 0; k < 2; k++) {
		struct hash_seed seed;
		hash_seed_fixed(&seed, 77 + k);
		threshold_free(table);
		table = threshold_new(128, &seed);
		for (uint32_t i = 0; i < 4096; i++)
			went[k][i] = pass_number(i * (SECOND / 50), i * i % 311);
	}
	cr_expect_eq(memcmp(went[0], went[1], sizeof(went[0])), 0);
	cr_expect_not_null(memchr(went[0], 0, sizeof(went[0])));
}
