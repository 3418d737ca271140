// Alerting: turns, thresholds over alerts of several workers, bounds, and when a rule set may go.

#include "alert_help.h"
#include "base/state_buffer.h"
#include "export/alerting.h"
#include "export/record_eve.h"
#include "spoil.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000ll
#define RINGS 3
#define OUT_MAX 4096

static struct alert_ring rings[RINGS];
static struct alerting *alerting;
static struct alert out[OUT_MAX];
static uint32_t n_out;

static const struct rule_info plain = {.gid = 1, .sid = 1, .signature = "plain", .category = ""};
static const struct rule_info limited = {
	.gid = 1,
	.sid = 2,
	.signature = "limited",
	.category = "",
	.threshold = {RULE_THRESHOLD_LIMIT, RULE_BY_DST, 1, 10},
};

static void give(void *ctx, const struct alert *a) {
	cr_assert_lt(n_out, OUT_MAX);
	out[n_out++] = *a;
}

static void open_with(uint32_t waiting) {
	struct alert_ring *all[RINGS];
	for (int i = 0; i < RINGS; i++) {
		cr_assert_eq(alert_ring_init(&rings[i], 1024, false), 0);
		all[i] = &rings[i];
	}
	struct alerting_config c = {.rings = all, .n_rings = RINGS, .waiting = waiting};
	hash_seed_fixed(&c.seed, 1);
	alerting = alerting_new(&c);
	cr_assert_not_null(alerting);
	n_out = 0;
}

static void open_all(void) {
	open_with(1000);
}

static void close_all(void) {
	alerting_free(alerting);
	for (int i = 0; i < RINGS; i++)
		alert_ring_fini(&rings[i]);
}

TestSuite(alerting, .init = open_all, .fini = close_all);

static void push(int ring, const struct rule_info *rule, int64_t time_us, const char *src) {
	uint32_t first;
	cr_assert_eq(alert_ring_reserve(&rings[ring], 1, &first), 1);
	*alert_ring_slot(&rings[ring], first) = make_alert(rule, time_us, src, "9.9.9.9");
	alert_ring_commit(&rings[ring], 1);
}

static uint32_t step(int64_t horizon_us) {
	return alerting_step(alerting, horizon_us, give, NULL);
}

Test(alerting, an_alert_waits_until_nobody_can_add_an_earlier_one) {
	push(0, &plain, 5, "1.1.1.1");
	cr_expect_eq(step(5), 1, "taken");
	cr_expect_eq(n_out, 0);
	push(1, &plain, 4, "2.2.2.2");
	push(2, &plain, 6, "3.3.3.3");
	step(6);
	cr_assert_eq(n_out, 2);
	cr_expect_eq(out[0].time_us, 4);
	cr_expect_eq(out[1].time_us, 5);
	cr_expect_eq(step(6), 0, "nothing to do");
	step(INT64_MAX);
	cr_expect_eq(n_out, 3);
}

static bool same(const struct alert *a, const struct alert *b) {
	return memcmp(&a->key, &b->key, sizeof(a->key)) == 0 && a->time_us == b->time_us
		&& a->turn_us == b->turn_us && a->rule == b->rule && a->bytes == b->bytes
		&& a->packets == b->packets;
}

Test(alerting, what_goes_out_does_not_depend_on_which_worker_saw_it) {
	static struct alert first[OUT_MAX];
	uint32_t n_first = 0;
	for (int way = 0; way < 3; way++) {
		if (way > 0) {
			close_all();
			open_all();
		}
		for (int i = 0; i < 900; i++) {
			char src[16];
			snprintf(src, sizeof(src), "1.1.1.%d", i % 7);
			push(way == 0 ? 0 : i * way % RINGS, i % 2 ? &limited : &plain,
			     i / 3 * 50000, src);
			if (way == 2 && i % 10 == 0)
				step(i / 3 * 50000);
		}
		step(INT64_MAX);
		if (way == 0) {
			n_first = n_out;
			memcpy(first, out, sizeof(out));
		}
		cr_assert_eq(n_out, n_first);
		for (uint32_t i = 0; i < n_out; i++)
			cr_assert(same(&first[i], &out[i]), "way %d, %u", way, i);
	}
	uint64_t st[ALERTS_STAT_COUNT];
	alerting_stats(alerting, st);
	// A limited one each ten of fifteen seconds.
	cr_expect_eq(st[ALERTS_OUT], 450 + 2);
	cr_expect_eq(st[ALERTS_SUPPRESSED], 450 - 2);
}

Test(alerting, more_than_may_wait_go_out_early_and_none_is_lost) {
	close_all();
	open_with(100);
	for (int i = 0; i < 1000; i++)
		push(i % RINGS, &plain, i * 10, "1.1.1.1");
	step(INT64_MIN);
	cr_expect_eq(n_out, 900);
	step(INT64_MAX);
	cr_expect_eq(n_out, 1000);
}

Test(alerting, a_rule_set_may_go_when_no_alert_refers_to_it) {
	push(0, &plain, 5, "1.1.1.1");
	step(0);
	push(0, &plain, 9, "1.1.1.1");
	uint32_t first = alerting_retire(alerting);
	cr_expect_not(alerting_retired(alerting, first), "one waits, one is in a ring");
	step(6);
	cr_expect_not(alerting_retired(alerting, first), "one waits");
	push(1, &plain, 12, "1.1.1.1");
	uint32_t second = alerting_retire(alerting);
	step(10);
	cr_expect(alerting_retired(alerting, first));
	cr_expect_not(alerting_retired(alerting, second));
	step(INT64_MAX);
	cr_expect(alerting_retired(alerting, second));
	uint32_t third = alerting_retire(alerting);
	cr_expect_not(alerting_retired(alerting, third), "the rings were not looked at since");
	step(INT64_MIN);
	cr_expect(alerting_retired(alerting, third));
}

static struct state_chunk *save(void) {
	struct state_buffer b;
	state_buffer_init(&b, 1 << 20);
	cr_assert(alerting_save(alerting, &b.writer));
	return state_buffer_take(&b);
}

static int load(const struct state_chunk *chunk, struct err *err) {
	struct state_record r;
	uint32_t at = 0;
	int ret = 0;
	while (ret == 0 && state_next(chunk->octets, chunk->used, &at, &r) == 1)
		ret = alerting_load(alerting, &r, err);
	return ret;
}

// Takes the checkpoint of `alerting` into a new one, when the rules it was of are gone.
static void move(void) {
	struct err err = {0};
	struct state_chunk *chunk = save();
	uint32_t before = n_out;
	close_all();
	open_all();
	n_out = before;
	cr_assert_eq(load(chunk, &err), 0, "%s", err.text);
	state_chunks_free(chunk);
}

Test(alerting, alerts_that_wait_are_as_their_rules_were_when_they_came) {
	struct rule_info removed = {
		.gid = 1, .sid = 3, .rev = 1, .signature = "removed", .category = "c"};
	struct rule_info changed = removed;
	changed.rev = 2;
	changed.signature = "changed";
	push(0, &removed, 5, "1.1.1.1");
	push(1, &limited, 6, "1.1.1.1");
	push(1, &limited, 7, "1.1.1.1");
	push(0, &changed, 8, "1.1.1.1");
	push(0, &removed, 9, "1.1.1.1");
	step(6);
	cr_expect_eq(n_out, 1);
	move();
	removed.signature = changed.signature = "freed";
	step(7);
	cr_assert_eq(n_out, 2);
	cr_expect_str_eq(out[1].rule->signature, "limited");
	move();
	step(INT64_MAX);
	cr_assert_eq(n_out, 4);
	cr_expect_str_eq(out[2].rule->signature, "changed");
	cr_expect_eq(out[2].rule->rev, 2);
	cr_expect_str_eq(out[3].rule->signature, "removed");
	cr_expect_str_eq(out[3].rule->category, "c");
	uint64_t st[ALERTS_STAT_COUNT];
	alerting_stats(alerting, st);
	cr_expect_eq(st[ALERTS_OUT], 4);
	cr_expect_eq(st[ALERTS_SUPPRESSED], 1, "its threshold goes on");
}

Test(alerting, octets_that_nobody_saved_are_refused_or_harmless) {
	static char line[RECORD_EVE_MAX + 1];
	const struct eve_ifaces none = {0};
	uint32_t refused = 0;
	for (int i = 0; i < 6; i++)
		push(i % RINGS, i % 2 ? &limited : &plain, 10 + i, "1.1.1.1");
	step(13);
	struct state_chunk *good = save(), *bad = malloc(sizeof(*bad));
	srand(2);
	for (int turn = 0; turn < 1000; turn++) {
		struct err err = {0};
		close_all();
		open_all();
		spoil_copy(bad, good);
		int ret = load(bad, &err);
		cr_assert(ret == 0 || ret == -EBADMSG);
		refused += ret < 0;
		push(0, &limited, 14, "1.1.1.1");
		step(INT64_MAX);
		for (uint32_t k = 0; k < n_out; k++)
			cr_assert_leq(record_eve(line, &none, &out[k]), RECORD_EVE_MAX);
	}
	cr_expect_gt(refused, 100);
	state_chunks_free(good);
	free(bad);
}
