// The count stage: what a packet adds to its row, and that it looks at the listed packets alone.

#include "flow/row.h"
#include "pipeline/stage_count.h"

#include <criterion/criterion.h>

static struct burst b;
static struct flow_row rows[2];

static void put(uint32_t i, struct flow_row *row, uint32_t offset_us) {
	b.pkt[i] = (struct packet
	){.row = row, .ip_len = 100, .wire_len = 114, .matches = 2, .tcp_flags = 0x02};
	b.offset_us[i] = offset_us;
	b.count[b.n_count++] = (uint8_t)i;
}

static void reset(void) {
	b.n_count = 0;
	for (int i = 0; i < 2; i++)
		rows[i] = (struct flow_row){.first_us = FLOW_ROW_EMPTY_FIRST};
}

Test(stage_count, adds_every_figure_to_the_row_of_the_packet) {
	reset();
	put(0, &rows[0], 50);
	put(1, &rows[1], 7);
	put(2, &rows[0], 20);
	put(3, &rows[0], 90);
	b.pkt[3].tcp_flags = 0x11;
	stage_count_run(&b);
	cr_assert_eq(rows[0].packets, 3);
	cr_assert_eq(rows[0].bytes, 300);
	cr_assert_eq(rows[0].frame_bytes, 342);
	cr_assert_eq(rows[0].matches, 6);
	cr_assert_eq(rows[0].tcp_flags, 0x13);
	cr_assert_eq(rows[0].first_us, 20);
	cr_assert_eq(rows[0].last_us, 90);
	cr_assert_eq(rows[1].packets, 1);
	cr_assert_eq(rows[1].first_us, 7);
	cr_assert_eq(rows[1].last_us, 7);
}

Test(stage_count, leaves_out_packets_that_are_not_listed) {
	reset();
	put(0, &rows[0], 0);
	put(2, &rows[0], 0);
	b.n = b.end = 3;
	b.pkt[1] = (struct packet){.row = &rows[1]};
	stage_count_run(&b);
	cr_assert_eq(rows[0].packets, 2);
	cr_assert_eq(rows[1].packets, 0);
	b.n_count = 0;
	stage_count_run(&b);
	cr_assert_eq(rows[0].packets, 2);
}

Test(stage_count, takes_a_whole_burst_and_the_ends_of_a_pane) {
	reset();
	for (uint32_t i = 0; i < BURST_MAX; i++)
		put(i, &rows[0], i % 2 == 0 ? 3599999999u : 0);
	stage_count_run(&b);
	cr_assert_eq(rows[0].packets, BURST_MAX);
	cr_assert_eq(rows[0].first_us, 0);
	cr_assert_eq(rows[0].last_us, 3599999999u);
}

Test(stage_count, matches_saturate) {
	reset();
	put(0, &rows[0], 0);
	rows[0].matches = UINT32_MAX - 1;
	stage_count_run(&b);
	cr_assert_eq(rows[0].matches, UINT32_MAX);
	stage_count_run(&b);
	cr_assert_eq(rows[0].matches, UINT32_MAX);
}

Test(stage_count, the_largest_lengths_do_not_wrap) {
	reset();
	put(0, &rows[0], 0);
	b.pkt[0].ip_len = b.pkt[0].wire_len = UINT32_MAX;
	stage_count_run(&b);
	stage_count_run(&b);
	cr_assert_eq(rows[0].bytes, 2ull * UINT32_MAX);
	cr_assert_eq(rows[0].frame_bytes, 2ull * UINT32_MAX);
}
