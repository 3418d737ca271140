// A set of windows fed packet by packet: each stands in a pane of its own, handed over at once, so that a
// test says nothing but times.
#pragma once

#include "base/field.h"
#include "flow/window.h"

#include <criterion/criterion.h>

#define MS 1000ll
#define SECOND 1000000ll

struct window_rig {
	struct budget budget;
	struct window_set *set;
	int64_t pane_us;
	uint32_t fields;
};

static inline void rig_open(struct window_rig *rig, struct window_config conf) {
	*rig = (struct window_rig
	){.budget.max = 1 << 20, .pane_us = conf.pane_us, .fields = conf.fields};
	conf.budget = &rig->budget;
	conf.memory = conf.memory != 0 ? conf.memory : 1 << 20;
	conf.live_start_us = conf.live_start_us != 0 ? conf.live_start_us : INT64_MIN;
	hash_seed_fixed(&conf.seed, 3);
	rig->set = window_set_new(&conf);
	cr_assert_not_null(rig->set);
}

static inline void rig_close(struct window_rig *rig) {
	window_set_free(rig->set);
	cr_expect_eq(rig->budget.used, 0);
}

// A packet of that key, or `matches` of one that was counted before. NULL: it found no row.
static inline void rig_count(
	struct window_rig *rig, const struct flow_key *key, int64_t time_us, uint8_t tcp_flags,
	uint32_t matches
) {
	struct pane p = {.start_us = pane_start(time_us, rig->pane_us)};
	struct flow_key mask, k = key != NULL ? *key : (struct flow_key){0};
	struct hash_seed seed;
	p.end_us = p.start_us + rig->pane_us;
	p.rest.first_us = FLOW_ROW_EMPTY_FIRST;
	hash_seed_fixed(&seed, 1);
	flow_key_mask(&mask, FIELD_SET_ALL);
	flow_key_finish(&k, &mask, &seed);
	cr_assert_eq(flow_table_init(&p.table, 64, mem_pages()), 0);
	struct flow_row *row = key != NULL ? flow_table_find_insert(&p.table, &k) : &p.rest;
	row->first_us = FLOW_ROW_EMPTY_FIRST;
	bool told = matches > 0;
	flow_row_count(
		row, (uint32_t)(time_us - p.start_us), told ? 0 : 100, told ? 0 : 114, matches,
		tcp_flags
	);
	row->packets -= told;
	cr_assert_eq(window_set_add(rig->set, &p), 0);
	flow_table_fini(&p.table);
}

static inline void rig_packet_of(
	struct window_rig *rig, const struct flow_key *key, int64_t time_us, uint8_t tcp_flags
) {
	rig_count(rig, key, time_us, tcp_flags, 0);
}

// A packet of the key that `port` makes. Port 0: it found no row.
static inline void
rig_packet(struct window_rig *rig, uint16_t port, int64_t time_us, uint8_t tcp_flags) {
	struct flow_key k = {.src_port = port, .proto = 6, .flags = KEY_V4};
	rig_packet_of(rig, port != 0 ? &k : NULL, time_us, tcp_flags);
}

// A match that is told behind the packet of that time, and found no row.
static inline void rig_rest_match(struct window_rig *rig, int64_t time_us) {
	rig_count(rig, NULL, time_us, 0, 1);
}

// Expects a rest of matches without packets, first and last at these times.
static inline void rig_expect_matches(
	const struct flow_sum *rest, uint64_t matches, int64_t first_us, int64_t last_us
) {
	cr_assert_not_null(rest, "%llu matches are lost", (unsigned long long)matches);
	cr_expect(rest->key.flags & KEY_REST);
	cr_expect_eq(rest->packets, 0);
	cr_expect_eq(rest->matches, matches, "%llu matches", (unsigned long long)rest->matches);
	cr_expect_eq(rest->first_us, first_us, "first %lld", (long long)rest->first_us);
	cr_expect_eq(rest->last_us, last_us, "last %lld", (long long)rest->last_us);
}

// Expects the next window to begin and end there with so many packets.
static inline void rig_expect(
	struct window_rig *rig, int64_t horizon_us, int64_t start_us, int64_t end_us,
	uint64_t packets
) {
	const struct window_out *out = window_set_close(rig->set, horizon_us);
	cr_assert_not_null(out, "no window %lld", (long long)start_us);
	uint64_t sum = out->rest != NULL ? out->rest->packets : 0;
	for (uint32_t i = 0; i < out->n; i++)
		sum += out->sum[i].packets;
	cr_expect_eq(out->start_us, start_us, "%lld", (long long)out->start_us);
	cr_expect_eq(out->end_us, end_us, "%lld", (long long)out->end_us);
	cr_expect_eq(sum, packets, "%llu packets", (unsigned long long)sum);
}

// What comes out at that horizon: no more than one batch, and that is `n` sessions or flows.
static inline const struct flow_sum *
rig_ended(struct window_rig *rig, int64_t horizon_us, uint32_t n) {
	const struct window_out *out = window_set_close(rig->set, horizon_us);
	uint32_t got = out != NULL ? out->n : 0;
	cr_assert_eq(got, n, "%u have ended", got);
	return n > 0 ? out->sum : NULL;
}
