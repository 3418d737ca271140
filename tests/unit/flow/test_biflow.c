// Which keys are each other's other direction, who is the source, and what a machine sees of both.

#include "base/field.h"
#include "flow/biflow.h"
#include "packet/tcp_flags.h"

#include <criterion/criterion.h>

#define HOSTS (FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP))
#define PORTS (FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT))

static struct biflow both_ways(uint32_t fields) {
	struct biflow b;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 3);
	biflow_init(&b, true, fields, &seed);
	return b;
}

static struct flow_key ipv4(uint8_t src, uint16_t src_port, uint8_t dst, uint16_t dst_port) {
	return (struct flow_key){
		.flags = KEY_V4,
		.src4 = {10, 0, 0, src},
		.dst4 = {10, 0, 0, dst},
		.src_port = src_port,
		.dst_port = dst_port,
	};
}

static struct flow_key ipv6(uint8_t src, uint16_t src_port, uint8_t dst, uint16_t dst_port) {
	return (struct flow_key){
		.flags = KEY_V6,
		.src6 = {0x20, 1, [15] = src},
		.dst6 = {0x20, 1, [15] = dst},
		.src_port = src_port,
		.dst_port = dst_port,
	};
}

Test(biflow, the_lower_end_is_by_address_and_then_by_port) {
	static const struct {
		uint8_t src;
		uint16_t src_port;
		uint8_t dst;
		uint16_t dst_port;
		int side;
	} table[] = {
		{1, 9, 2, 1, -1},  {2, 1, 1, 9, 1},      {200, 1, 100, 1, 1},
		{1, 9, 1, 80, -1}, {1, 65535, 1, 80, 1}, {1, 80, 1, 80, 0},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct flow_key k4 = ipv4(
			table[i].src, table[i].src_port, table[i].dst, table[i].dst_port
		);
		struct flow_key k6 = ipv6(
			table[i].src, table[i].src_port, table[i].dst, table[i].dst_port
		);
		int a = biflow_side(&k4), b = biflow_side(&k6);
		cr_expect_eq((a > 0) - (a < 0), table[i].side, "case %zu", i);
		cr_expect_eq((b > 0) - (b < 0), table[i].side, "case %zu", i);
	}
}

static struct flow_sum *
add(const struct biflow *b, struct sums *s, struct flow_key key, uint64_t packets) {
	flow_key_finish(&key, &b->mask, &b->seed);
	struct flow_sum *sum = sums_find_insert(s, &key);
	sum->packets = packets;
	return sum;
}

Test(biflow, directions_find_each_other_where_all_other_fields_agree) {
	struct biflow b = both_ways(HOSTS | PORTS | FIELD_BIT(FIELD_VLAN) | FIELD_BIT(FIELD_TOS));
	struct budget budget = {.max = 1 << 20};
	struct sums s;
	sums_init(&s, &budget);
	struct flow_key there = ipv4(1, 1000, 2, 80), back = ipv4(2, 80, 1, 1000);
	struct flow_key tagged = back, other_tos = back;
	tagged.flags |= KEY_VLAN;
	tagged.vlan = 7;
	other_tos.tos = 4;
	add(&b, &s, there, 1);
	add(&b, &s, tagged, 2);
	add(&b, &s, other_tos, 3);
	cr_expect_null(biflow_other(&b, &s, &s.sum[0]));
	add(&b, &s, back, 4);
	cr_expect_eq(biflow_other(&b, &s, &s.sum[0]), &s.sum[3]);
	cr_expect_eq(biflow_other(&b, &s, &s.sum[3]), &s.sum[0]);
	cr_expect_null(biflow_other(&b, &s, &s.sum[1]));
	add(&b, &s, ipv6(1, 1000, 2, 80), 5);
	cr_expect_null(biflow_other(&b, &s, &s.sum[4]), "not across families");
	add(&b, &s, ipv6(2, 80, 1, 1000), 6);
	cr_expect_eq(biflow_other(&b, &s, &s.sum[5]), &s.sum[4]);
	b.on = false;
	cr_expect_null(biflow_other(&b, &s, &s.sum[0]));
	sums_fini(&s);
}

Test(biflow, equal_ends_and_what_has_no_row_have_one_direction) {
	struct biflow b = both_ways(HOSTS | PORTS);
	struct budget budget = {.max = 1 << 20};
	struct sums s;
	sums_init(&s, &budget);
	struct flow_sum *equal = add(&b, &s, ipv4(1, 80, 1, 80), 1);
	cr_expect_null(biflow_other(&b, &s, equal));
	struct flow_sum rest = {.key.flags = KEY_REST}, room;
	cr_expect_null(biflow_other(&b, &s, &rest));
	equal->tcp_flags = TCP_FIN;
	cr_expect_eq(biflow_both(&b, equal, NULL, &room)->tcp_flags, TCP_FIN);
	sums_fini(&s);
}

Test(biflow, fin_is_seen_where_both_have_it) {
	static const struct {
		uint8_t here, there, seen;
	} table[] = {
		{TCP_FIN | TCP_ACK, TCP_ACK, TCP_ACK},
		{TCP_ACK, TCP_FIN | TCP_SYN, TCP_SYN | TCP_ACK},
		{TCP_FIN, TCP_FIN | TCP_ACK, TCP_FIN | TCP_ACK},
		{TCP_FIN | TCP_RST, TCP_ACK, TCP_RST | TCP_ACK},
	};
	struct biflow b = both_ways(HOSTS | PORTS);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct flow_sum here = {
			.key = ipv4(1, 1, 2, 2),
			.packets = 1,
			.first_us = 5,
			.last_us = 9,
			.tcp_flags = table[i].here};
		struct flow_sum there = {
			.key = ipv4(2, 2, 1, 1),
			.packets = 1,
			.first_us = 3,
			.last_us = 7,
			.tcp_flags = table[i].there};
		struct flow_sum room;
		const struct flow_sum *seen = biflow_both(&b, &here, &there, &room);
		cr_expect_eq(seen->tcp_flags, table[i].seen, "case %zu", i);
		cr_expect_eq(seen->first_us, 3);
		cr_expect_eq(seen->last_us, 9);
		seen = biflow_both(&b, &here, NULL, &room);
		cr_expect_eq(seen->tcp_flags, table[i].here & ~TCP_FIN, "case %zu", i);
	}
}

Test(biflow, the_source_is_who_began) {
	static const struct {
		uint8_t low_opens, high_opens;
		int64_t low_us, high_us;
		bool low; // is the source
	} table[] = {
		{1, 0, 9, 1, true},
		{0, 1, 1, 9, false},
		// Both, and nobody: the earlier one.
		{1, 1, 2, 1, false},
		{1, 1, 1, 2, true},
		{0, 0, 2, 1, false},
		{0, 0, 1, 2, true},
		{0, 0, 5, 5, true},
		{1, 1, 5, 5, true},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct flow_sum low = {
			.key = ipv4(1, 9, 2, 1),
			.packets = 3,
			.bytes = 300,
			.frame_bytes = 330,
			.matches = 1,
			.first_us = table[i].low_us,
			.last_us = 50,
			.tcp_flags = 1,
			.opens = table[i].low_opens};
		struct flow_sum high = {
			.key = ipv4(2, 1, 1, 9),
			.packets = 4,
			.bytes = 400,
			.frame_bytes = 440,
			.matches = 2,
			.first_us = table[i].high_us,
			.last_us = 60,
			.tcp_flags = 2,
			.opens = table[i].high_opens};
		for (int turned = 0; turned < 2; turned++) {
			struct flow_sum r;
			struct flow_back back;
			biflow_record(turned ? &high : &low, turned ? &low : &high, &r, &back);
			const struct flow_sum *from = table[i].low ? &low : &high;
			const struct flow_sum *to = table[i].low ? &high : &low;
			cr_expect(flow_key_equal(&r.key, &from->key), "case %zu", i);
			cr_expect_eq(r.packets, from->packets);
			cr_expect_eq(r.bytes, from->bytes);
			cr_expect_eq(r.frame_bytes, from->frame_bytes);
			cr_expect_eq(r.tcp_flags, from->tcp_flags);
			cr_expect_eq(back.packets, to->packets);
			cr_expect_eq(back.bytes, to->bytes);
			cr_expect_eq(back.frame_bytes, to->frame_bytes);
			cr_expect_eq(back.tcp_flags, to->tcp_flags);
			cr_expect_eq(r.matches, 3);
			cr_expect_eq(r.last_us, 60);
			cr_expect_eq(
				r.first_us,
				low.first_us < high.first_us ? low.first_us : high.first_us
			);
		}
	}
}

Test(biflow, a_direction_alone_is_the_source) {
	struct flow_sum high = {.key = ipv4(2, 1, 1, 9), .packets = 4}, r;
	struct flow_back back;
	biflow_record(&high, NULL, &r, &back);
	cr_expect(flow_key_equal(&r.key, &high.key));
	cr_expect_eq(r.packets, 4);
	cr_expect_eq(back.packets + back.bytes + back.frame_bytes + back.tcp_flags, 0);
}
