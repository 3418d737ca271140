// The track stage: parts, panes, late packets, full tables; the sum of what is counted always holds.

#include "base/field.h"
#include "packet/verdict.h"
#include "pipeline/stage_count.h"
#include "pipeline/stage_track.h"

#include <criterion/criterion.h>

#define SECOND 1000000ll

static struct pane_store panes, late;
static struct stage_track track;
static struct burst burst;
static bool counts_at_once;

static void open_with(uint32_t active, uint32_t spares, uint32_t rows) {
	struct pane_config c = {
		.width_us = SECOND,
		.active = active,
		.spares = spares,
		.rows = rows,
		.mem = mem_pages()};
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	cr_assert_eq(pane_store_init(&panes, &c), 0);
	stage_track_init(
		&track, &panes, NULL, FIELD_BIT(FIELD_SRC_PORT), &(struct key_cut){0}, &seed,
		counts_at_once
	);
}

static void fill(uint32_t i, int64_t time_us, uint16_t port) {
	burst.pkt[i] = (struct packet){.time_us = time_us, .ip_len = 100, .wire_len = 114};
	burst.key[i] = (struct flow_key){.src_port = port, .dst_port = 9, .flags = KEY_V4};
}

// Runs the burst through track and count; returns the number of parts.
static uint32_t run(uint32_t n) {
	uint32_t parts = 0;
	burst.n = n;
	for (burst.begin = 0; burst.begin < n; burst.begin = burst.end) {
		stage_track_run(&track, &burst);
		cr_assert_gt(burst.end, burst.begin, "a part must move on");
		if (!counts_at_once)
			stage_count_run(&burst);
		parts++;
	}
	return parts;
}

// Takes every pane and returns the packets in them, adding those of `rest` to *rest.
static uint64_t collect(uint64_t *rest) {
	uint64_t packets = 0;
	struct pane *p;
	while ((p = pane_store_take(&panes)) != NULL) {
		uint32_t line = 0;
		struct flow_key k;
		const struct flow_row *row;
		while ((row = flow_table_next(&p->table, &line, &k)) != NULL) {
			packets += row->packets;
			cr_assert_eq(k.dst_port, 0, "masked");
		}
		packets += p->rest.packets;
		*rest += p->rest.packets;
		pane_store_return(&panes, p);
	}
	return packets;
}

Test(stage_track, one_pane_is_one_part) {
	open_with(2, 2, 256);
	for (uint32_t i = 0; i < BURST_MAX; i++)
		fill(i, i, (uint16_t)(i % 5));
	cr_assert_eq(run(BURST_MAX), 1);
	cr_assert_eq(panes.active[0]->table.flows, 5);
	cr_assert_eq(panes.active[0]->packets, BURST_MAX);
	pane_store_fini(&panes);
}

Test(stage_track, a_burst_that_jumps_through_time_loses_nothing) {
	open_with(2, 2, 256);
	for (uint32_t i = 0; i < BURST_MAX; i++)
		fill(i, (i * 37 % 16) * SECOND, 1);
	uint64_t rest = 0, packets = 0, shed = 0;
	// Few panes: the exporter takes some back between bursts.
	for (int k = 0; k < 10; k++) {
		for (uint32_t i = 0; i < BURST_MAX; i++)
			fill(i, (i * 37 % 16) * SECOND, 1);
		run(BURST_MAX);
		for (uint32_t i = 0; i < BURST_MAX; i++)
			shed += burst.pkt[i].verdict == VERDICT_SHED;
		packets += collect(&rest);
	}
	pane_store_flush(&panes);
	packets += collect(&rest);
	cr_assert_eq(packets + shed, 10 * BURST_MAX);
	cr_assert_gt(shed, 0, "64 jumps a burst are more than there are panes");
	pane_store_fini(&panes);
}

Test(stage_track, late_and_refused_packets_have_no_row) {
	open_with(2, 2, 256);
	for (uint32_t i = 0; i < 4; i++)
		fill(i, 0, 1);
	burst.pkt[1].flags = PACKET_LATE;
	burst.floor_us[1] = 1;
	burst.pkt[2].verdict = VERDICT_MALFORMED;
	burst.pkt[2].reason = REASON_IPV4_HEADER;
	burst.pkt[2].flags = PACKET_LATE;
	run(4);
	cr_assert_eq(burst.pkt[0].verdict, VERDICT_COUNTED);
	cr_assert_eq(burst.pkt[1].verdict, VERDICT_LATE);
	cr_assert_eq(burst.pkt[1].reason, REASON_LATE);
	cr_assert_eq(burst.pkt[2].verdict, VERDICT_MALFORMED, "the first that applies counts");
	cr_assert_eq(panes.active[0]->packets, 2);
	pane_store_fini(&panes);
}

Test(stage_track, too_far_ahead_is_late_for_another_reason) {
	open_with(2, 2, 256);
	fill(0, 7, 1);
	burst.pkt[0].flags = PACKET_LATE;
	burst.floor_us[0] = 7;
	run(1);
	cr_assert_eq(burst.pkt[0].verdict, VERDICT_LATE);
	cr_assert_eq(burst.pkt[0].reason, REASON_FUTURE);
	cr_assert_eq(panes.n_active, 0);
	burst.pkt[0].flags = 0;
	pane_store_fini(&panes);
}

// Stores for what is on time and for what is late, in turns of ten seconds.
static void open_correcting(uint32_t spares) {
	open_with(2, 2, 256);
	struct pane_config c = {
		.width_us = SECOND,
		.active = 1,
		.spares = spares,
		.rows = 256,
		.turn_us = 10 * SECOND,
		.mem = mem_pages()};
	cr_assert_eq(pane_store_init(&late, &c), 0);
	track.late = &late;
}

static void fill_late(uint32_t i, int64_t time_us, int64_t floor_us) {
	fill(i, time_us, 1);
	burst.pkt[i].flags = PACKET_LATE;
	burst.floor_us[i] = floor_us;
}

Test(stage_track, late_packets_are_counted_for_their_corrections_and_stay_late) {
	open_correcting(4);
	for (uint32_t i = 0; i < 4; i++)
		fill(i, 20 * SECOND, 1);
	fill_late(4, SECOND, 19 * SECOND);
	fill_late(5, SECOND + 1, 19 * SECOND);
	fill_late(6, 5 * SECOND, 20 * SECOND);
	fill(7, 20 * SECOND, 1);
	fill_late(8, 20 * SECOND, 20 * SECOND);
	run(9);
	for (uint32_t i = 0; i < 9; i++) {
		bool on_time = i < 4 || i == 7;
		cr_assert_eq(burst.pkt[i].verdict, on_time ? VERDICT_COUNTED : VERDICT_LATE);
		cr_assert_eq(
			burst.pkt[i].reason,
			on_time         ? REASON_NONE
				: i < 8 ? REASON_LATE
					: REASON_FUTURE
		);
	}
	cr_assert_eq(panes.active[0]->packets, 5);
	pane_store_advance(&late, 20 * SECOND);
	struct pane *first = pane_store_take(&late);
	cr_assert_not_null(first, "its turn is over");
	cr_assert_eq(first->packets, 2);
	cr_assert_eq(first->start_us, SECOND);
	cr_assert_eq(first->turn_us, 10 * SECOND);
	cr_assert_null(pane_store_take(&late), "that of the other is not");
	pane_store_advance(&late, 30 * SECOND);
	struct pane *second = pane_store_take(&late);
	cr_assert_eq(second->packets, 1);
	cr_assert_eq(second->start_us, 5 * SECOND);
	cr_assert_eq(second->turn_us, 20 * SECOND);
	cr_assert_eq(track.uncorrected, 0);
	pane_store_fini(&late);
	pane_store_fini(&panes);
}

Test(stage_track, corrections_that_find_no_pane_are_counted) {
	open_correcting(1);
	uint32_t most = late.n_all;
	for (uint32_t i = 0; i < BURST_MAX; i++)
		fill_late(i, (int64_t)i * SECOND, 100 * SECOND);
	cr_assert_lt(most, BURST_MAX);
	run(BURST_MAX);
	cr_assert_eq(track.uncorrected, BURST_MAX - most);
	for (uint32_t i = 0; i < BURST_MAX; i++)
		cr_assert_eq(burst.pkt[i].verdict, VERDICT_LATE);
	pane_store_fini(&late);
	pane_store_fini(&panes);
}

Test(stage_track, a_full_table_is_handed_over_and_counting_goes_on) {
	open_with(1, 8, 16);
	uint64_t rest = 0;
	for (uint32_t i = 0; i < BURST_MAX; i++)
		fill(i, 5, (uint16_t)i);
	run(BURST_MAX);
	pane_store_flush(&panes);
	cr_assert_eq(collect(&rest), BURST_MAX);
	cr_assert_eq(rest, 0, "there were spares");
	cr_assert_eq(panes.handed_over, 4);
	pane_store_fini(&panes);
}

Test(stage_track, without_spares_the_rest_row_takes_what_finds_no_room) {
	open_with(1, 1, 16);
	uint64_t rest = 0;
	for (uint32_t i = 0; i < BURST_MAX; i++)
		fill(i, 5, (uint16_t)i);
	run(BURST_MAX);
	pane_store_flush(&panes);
	cr_assert_eq(collect(&rest), BURST_MAX);
	cr_assert_eq(rest, BURST_MAX - 32);
	cr_assert_eq(track.rest, rest);
	pane_store_fini(&panes);
}

Test(stage_track, without_a_match_stage_it_counts_the_same_by_itself) {
	struct flow_row seen[2][5];
	for (int way = 0; way < 2; way++) {
		counts_at_once = way == 1;
		open_with(2, 8, 256);
		for (uint32_t i = 0; i < BURST_MAX; i++) {
			fill(i, i, (uint16_t)(i % 5));
			burst.pkt[i].tcp_flags = (uint8_t)(1 << i % 8);
			burst.pkt[i].verdict = i % 7 == 0 ? VERDICT_MALFORMED : VERDICT_COUNTED;
		}
		cr_assert_eq(run(BURST_MAX), 1);
		cr_assert_eq(panes.active[0]->table.flows, 5);
		memcpy(seen[way], panes.active[0]->table.rows, sizeof(seen[way]));
		pane_store_fini(&panes);
	}
	cr_assert_arr_eq(seen[0], seen[1], sizeof(seen[0]));
	cr_assert_eq(seen[0][0].first_us, 1, "the packet ahead of it does not count");
}

Test(stage_track, an_event_that_finds_no_room_is_in_the_rest_row_at_its_time) {
	open_with(1, 0, 16);
	struct flow_key key = {.src_port = 1, .flags = KEY_V4};
	// The reserve serves other times: here the table is full.
	for (uint32_t i = 0; i < BURST_MAX / 4; i++)
		fill(i, 5, (uint16_t)(100 + i));
	run(BURST_MAX / 4);
	cr_assert_eq(track.rest, 0);
	struct pane *pane = NULL;
	for (int64_t time_us = 900; time_us > 300; time_us -= 100, key.src_port++)
		pane = stage_track_event(&track, &key, time_us);
	cr_assert_not_null(pane);
	cr_expect_eq(pane->rest.packets, 0);
	cr_expect_eq(pane->rest.matches, 6);
	cr_expect_eq(pane->rest.first_us, 400);
	cr_expect_eq(pane->rest.last_us, 900);
	cr_expect_eq(track.rest, 0, "no packet is there");
	pane_store_fini(&panes);
}
