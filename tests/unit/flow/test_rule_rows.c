// Rows of match events: what makes two rows, what finds no room, and that emptying forgets everything.

#include "base/field.h"
#include "flow/rule_rows.h"

#include <criterion/criterion.h>

static struct rule_rows rows;

static void open_rows(uint32_t n, uint32_t fields) {
	struct rule_rows_config c = {.fields = fields};
	hash_seed_fixed(&c.seed, 3);
	cr_assert_eq(rule_rows_init(&rows, &c, n, mem_pages()), 0);
}

static struct flow_key key_of(uint8_t host, uint16_t port) {
	return (struct flow_key
	){.flags = KEY_V4, .proto = 6, .dst_port = port, .src4 = {10, 0, 0, host}};
}

static void count(struct flow_key key, uint32_t gid, uint32_t sid, const struct packet *p) {
	struct rule_info rule = {.gid = gid, .sid = sid, .signature = "", .category = ""};
	rule_rows_count(&rows, &key, &rule, p);
}

// The row of a rule and port; NULL: there is none.
static const struct flow_sum *find(uint32_t gid, uint32_t sid, uint16_t port) {
	const struct flow_sum *found = NULL;
	for (uint32_t i = 0; i < rows.sums.n; i++) {
		const struct flow_sum *s = &rows.sums.sum[i];
		if (s->rule.gid != gid || s->rule.sid != sid || s->key.dst_port != port)
			continue;
		cr_expect_null(found, "one row each");
		found = s;
	}
	return found;
}

static const struct packet frame = {.time_us = 100, .ip_len = 40, .wire_len = 60, .tcp_flags = 2};

Test(rule_rows, an_event_adds_its_packet_to_the_row_of_rule_and_key) {
	open_rows(64, FIELD_BIT(FIELD_RULE) | FIELD_BIT(FIELD_DEST_PORT));
	cr_expect_not(rule_rows_any(&rows));
	struct packet later = {.time_us = 300, .ip_len = 50, .wire_len = 64, .tcp_flags = 16};
	struct packet earlier = {.time_us = -7, .ip_len = 1, .wire_len = 2};
	count(key_of(1, 80), 1, 5, &frame);
	count(key_of(2, 80), 1, 5, &later); // the source address is not asked for
	count(key_of(1, 80), 1, 5, &earlier);
	cr_expect(rule_rows_any(&rows));
	cr_assert_eq(rows.sums.n, 1);
	const struct flow_sum *s = find(1, 5, 80);
	cr_assert_not_null(s);
	cr_expect_eq(s->packets, 3);
	cr_expect_eq(s->matches, 3);
	cr_expect_eq(s->bytes, 91);
	cr_expect_eq(s->frame_bytes, 126);
	cr_expect_eq(s->first_us, -7);
	cr_expect_eq(s->last_us, 300);
	cr_expect_eq(s->tcp_flags, 18);
	cr_expect_eq(s->key.flags, 0);
	cr_expect_eq(s->key.src4[3], 0);
	rule_rows_fini(&rows);
}

Test(rule_rows, gid_sid_and_key_each_make_a_row) {
	open_rows(64, FIELD_BIT(FIELD_RULE) | FIELD_BIT(FIELD_DEST_PORT));
	count(key_of(1, 80), 1, 5, &frame);
	count(key_of(1, 80), 1, 6, &frame);
	count(key_of(1, 80), 5, 1, &frame);
	count(key_of(1, 80), 2, 5, &frame);
	count(key_of(1, 81), 1, 5, &frame);
	count(key_of(1, 81), 1, 5, &frame);
	cr_expect_eq(rows.sums.n, 5);
	cr_expect_eq(find(1, 5, 80)->packets, 1);
	cr_expect_eq(find(2, 5, 80)->packets, 1);
	cr_expect_eq(find(5, 1, 80)->packets, 1);
	cr_expect_eq(find(1, 5, 81)->packets, 2);
	rule_rows_fini(&rows);
}

Test(rule_rows, revisions_of_a_rule_are_one_rule) {
	open_rows(4, FIELD_BIT(FIELD_RULE));
	struct flow_key key = key_of(1, 80);
	struct rule_info old = {.gid = 1, .sid = 9, .rev = 1}, new = {.gid = 1, .sid = 9, .rev = 2};
	rule_rows_count(&rows, &key, &old, &frame);
	rule_rows_count(&rows, &key, &new, &frame);
	cr_expect_eq(rows.sums.n, 1);
	rule_rows_fini(&rows);
}

Test(rule_rows, addresses_of_both_families_are_keys) {
	open_rows(64, FIELD_BIT(FIELD_RULE) | FIELD_BIT(FIELD_SRC_IP));
	struct flow_key v6 = {.flags = KEY_V6, .src6 = {0xfe, 0x80}, .dst6 = {1}}, other = v6;
	count(v6, 1, 5, &frame);
	other.src6[15] = 1;
	count(other, 1, 5, &frame);
	v6.dst6[0] = 2;
	count(v6, 1, 5, &frame);
	count(key_of(1, 80), 1, 5, &frame);
	cr_expect_eq(rows.sums.n, 3);
	cr_expect_eq(rows.sums.sum[0].packets, 2);
	rule_rows_fini(&rows);
}

Test(rule_rows, what_finds_no_room_is_in_the_rest_and_nothing_is_lost) {
	open_rows(100, FIELD_BIT(FIELD_RULE)); // becomes 128
	uint64_t packets = 0;
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t sid = 0; sid < 200; sid++) {
			count(key_of(1, 80), 1, sid, &frame);
			cr_assert_eq(rule_rows_crowded(&rows), round > 0 || sid >= 64, "%u", sid);
		}
	}
	cr_expect_eq(rows.sums.n, 128);
	cr_expect_eq(rows.rest.packets, 2 * 72);
	cr_expect_eq(rows.rest.matches, 2 * 72);
	cr_expect_eq(rows.rest.bytes, 2 * 72 * 40);
	cr_expect_eq(rows.rest.first_us, 100);
	for (uint32_t i = 0; i < rows.sums.n; i++)
		packets += rows.sums.sum[i].packets;
	cr_expect_eq(packets, 2 * 128);
	rule_rows_fini(&rows);
}

Test(rule_rows, empty_ones_know_nothing_of_before) {
	open_rows(256, FIELD_BIT(FIELD_RULE) | FIELD_BIT(FIELD_DEST_PORT));
	for (uint32_t round = 0; round < 50; round++) {
		uint32_t n = 1 + round * 37 % 300;
		for (uint32_t i = 0; i < n; i++)
			count(key_of(1, (uint16_t)(round + i)), 1, 7 * round + i % 3, &frame);
		cr_assert_eq(rows.sums.n, n < 256 ? n : 256);
		for (uint32_t i = 0; i < rows.sums.n; i++)
			cr_assert_eq(rows.sums.sum[i].packets, 1, "round %u", round);
		rule_rows_clear(&rows);
		cr_assert_not(rule_rows_any(&rows));
		for (uint32_t i = 0; i < 2 * rows.sums.capacity; i++)
			cr_assert_eq(rows.sums.index[i], 0, "round %u", round);
	}
	rule_rows_fini(&rows);
}

Test(rule_rows, memory_that_is_not_there_is_an_error_and_fini_takes_what_there_is) {
	struct rule_rows none = {0};
	rule_rows_fini(&none);
	open_rows(1, FIELD_BIT(FIELD_RULE));
	count(key_of(1, 80), 1, 5, &frame);
	count(key_of(1, 80), 1, 6, &frame);
	cr_expect_eq(rows.sums.n, 1);
	cr_expect_eq(rows.rest.packets, 1);
	rule_rows_fini(&rows);
	rule_rows_fini(&rows);
}
