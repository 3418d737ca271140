// Windows of so many packets: full ones leave, the table is bounded, and so is the ring.

#include "base/field.h"
#include "flow/count_table.h"

#include <criterion/criterion.h>

#define PORT FIELD_BIT(FIELD_DEST_PORT)
#define MAX_SEEN (2 * COUNT_RING_DEPTH)

static struct count_table table;
static struct flow_sum *seen;
static uint32_t n_seen;

static void open_config(struct count_config c) {
	c.fields = PORT;
	c.mem = mem_pages();
	hash_seed_fixed(&c.seed, 3);
	cr_assert_eq(count_table_init(&table, &c), 0);
	seen = calloc(MAX_SEEN, sizeof(*seen));
	cr_assert_not_null(seen);
	n_seen = 0;
}

static void open_with(uint32_t packets, uint32_t rows) {
	open_config((struct count_config){.packets = packets, .rows = rows});
}

static void close_table(void) {
	count_table_fini(&table);
	free(seen);
}

static void add(uint16_t port, int64_t time_us) {
	struct flow_key key = {.dst_port = port, .src_port = 77, .tos = 5};
	struct packet p = {
		.time_us = time_us, .ip_len = 40, .wire_len = 60, .matches = 1, .tcp_flags = 2};
	count_table_key(&table, &key);
	count_table_fetch(&table, &key);
	count_table_add(&table, &key, &p);
}

static void take(void) {
	n_seen += count_table_take(&table, seen + n_seen, MAX_SEEN - n_seen);
}

static uint64_t packets_seen(void) {
	uint64_t packets = 0;
	for (uint32_t i = 0; i < n_seen; i++)
		packets += seen[i].packets;
	return packets;
}

Test(count_table, what_the_condition_leaves_out_takes_no_room, .fini = close_table) {
	open_config((struct count_config){.where = "dest_port < 80", .packets = 2, .rows = 1});
	add(53, 1);
	add(80, 2);
	add(81, 3);
	cr_expect_eq(table.open.n, 1);
	add(53, 4);
	count_table_flush(&table);
	take();
	cr_assert_eq(n_seen, 1);
	cr_expect_eq(seen[0].key.dst_port, 53);
	cr_expect_eq(seen[0].packets, 2);
	cr_expect_not(seen[0].partial);
}

Test(count_table, a_window_leaves_with_its_last_packet, .fini = close_table) {
	open_with(3, 16);
	add(80, 500);
	add(53, 1);
	add(80, 900);
	take();
	cr_expect_eq(n_seen, 0);
	// Time may run backwards.
	add(80, 400);
	take();
	cr_assert_eq(n_seen, 1);
	cr_expect_eq(seen[0].key.dst_port, 80);
	cr_expect_eq(seen[0].key.src_port, 0, "not in the key");
	cr_expect_eq(seen[0].packets, 3);
	cr_expect_eq(seen[0].bytes, 120);
	cr_expect_eq(seen[0].frame_bytes, 180);
	cr_expect_eq(seen[0].matches, 3);
	cr_expect_eq(seen[0].tcp_flags, 2);
	cr_expect_eq(seen[0].first_us, 400);
	cr_expect_eq(seen[0].last_us, 900);
	cr_expect_not(seen[0].partial);
	cr_expect_eq(seen[0].reason, FLOW_END_NONE);
	cr_expect_eq(table.open.n, 1);
}

Test(count_table, what_is_open_at_the_end_is_a_part, .fini = close_table) {
	open_with(3, 16);
	for (uint16_t i = 0; i < 10; i++)
		add(i % 3, i);
	count_table_flush(&table);
	take();
	cr_assert_eq(n_seen, 4);
	for (uint32_t i = 0; i < n_seen; i++)
		cr_expect_eq(seen[i].partial, seen[i].packets < 3);
	cr_expect_eq(packets_seen(), 10);
	cr_expect_eq(table.open.n, 0);
}

Test(count_table, a_full_table_gives_out_what_was_idle_for_longest, .fini = close_table) {
	open_with(100, 4);
	for (uint16_t i = 0; i < 4; i++)
		add(i, i);
	add(0, 10);
	add(1, 11);
	add(3, 12);
	add(9, 13);
	take();
	cr_assert_eq(n_seen, 1);
	cr_expect_eq(seen[0].key.dst_port, 2);
	cr_expect_eq(seen[0].reason, FLOW_END_RESOURCES);
	cr_expect(seen[0].partial);
	cr_expect_eq(table.open.n, 4);
}

Test(count_table, a_flood_of_keys_loses_no_packet, .fini = close_table) {
	open_with(5, 64);
	for (uint32_t i = 0; i < 6000; i++)
		add((uint16_t)(i * 2654435761u >> 16) % 500, i);
	count_table_flush(&table);
	take();
	cr_expect_eq(packets_seen(), 6000);
	uint32_t full = 0, evicted = 0;
	for (uint32_t i = 0; i < n_seen; i++) {
		full += seen[i].packets == 5;
		evicted += seen[i].reason == FLOW_END_RESOURCES;
		cr_expect_leq(seen[i].packets, 5);
	}
	cr_expect_gt(evicted, 0);
	cr_expect_gt(full, 0);
}

Test(count_table, windows_that_the_ring_has_no_room_for_become_one_row, .fini = close_table) {
	open_with(2, 16);
	for (int64_t i = 0; i < 2 * (COUNT_RING_DEPTH + 10); i++)
		add(80, i);
	take();
	cr_expect_eq(n_seen, COUNT_RING_DEPTH);
	cr_expect_eq(table.rest.packets, 20);
	// It goes out as soon as there is room.
	add(80, 0);
	add(80, 1);
	take();
	cr_assert_eq(n_seen, COUNT_RING_DEPTH + 2);
	const struct flow_sum *rest = &seen[COUNT_RING_DEPTH];
	cr_expect(rest->key.flags & KEY_REST);
	cr_expect_eq(rest->packets, 20);
	cr_expect_eq(rest->first_us, 2 * COUNT_RING_DEPTH);
	cr_expect_eq(rest->last_us, 2 * COUNT_RING_DEPTH + 19);
	cr_expect_eq(table.rest.packets, 0);
	cr_expect_eq(packets_seen(), 2 * (COUNT_RING_DEPTH + 11));
}
