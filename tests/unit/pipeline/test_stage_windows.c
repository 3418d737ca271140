// The windows stage: which packets of a burst it counts, and where.

#include "base/field.h"
#include "pipeline/stage_windows.h"

#include <criterion/criterion.h>

static struct stage_windows stage;
static struct burst *burst;

static void open_stage(void) {
	struct count_config c[] = {
		{.fields = FIELD_BIT(FIELD_DEST_PORT), .packets = 2, .rows = 16},
		{.fields = FIELD_BIT(FIELD_PROTO), .packets = 3, .rows = 16},
	};
	cr_assert_eq(stage_windows_init(&stage, c, 2, false, mem_pages()), 0);
	burst = calloc(1, sizeof(*burst));
	cr_assert_not_null(burst);
}

static void close_stage(void) {
	stage_windows_fini(&stage);
	free(burst);
}

static void packet(uint16_t port, bool counted) {
	uint32_t i = burst->n++;
	burst->pkt[i] = (struct packet){.time_us = i, .ip_len = i};
	burst->key[i] = (struct flow_key){.dst_port = port, .proto = 17};
	if (counted)
		burst->count[burst->n_count++] = (uint8_t)i;
}

static uint32_t take(uint32_t table, struct flow_sum *to) {
	return count_table_take(&stage.table[table], to, 16);
}

Test(stage_windows, counts_in_every_table_what_the_track_stage_counts, .init = open_stage,
     .fini = close_stage) {
	struct flow_sum sum[16];
	packet(80, true);
	packet(80, false);
	packet(53, true);
	packet(80, true);
	stage_windows_run(&stage, burst);
	cr_assert_eq(take(0, sum), 1);
	cr_expect_eq(sum[0].key.dst_port, 80);
	cr_expect_eq(sum[0].bytes, 3);
	cr_expect_eq(sum[0].last_us, 3);
	cr_assert_eq(take(1, sum), 1);
	cr_expect_eq(sum[0].key.dst_port, 0);
	cr_expect_eq(sum[0].key.proto, 17);
	cr_expect_eq(sum[0].bytes, 5);
	stage_windows_finish(&stage);
	cr_assert_eq(take(0, sum), 1);
	cr_expect_eq(sum[0].key.dst_port, 53);
	cr_expect(sum[0].partial);
	cr_expect_eq(take(1, sum), 0);
}

Test(stage_windows, without_streams_there_is_nothing) {
	cr_assert_eq(stage_windows_init(&stage, NULL, 0, true, mem_pages()), 0);
	cr_expect_eq(stage.n, 0);
	stage_windows_finish(&stage);
	stage_windows_fini(&stage);
}
