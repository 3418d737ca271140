// The fragment table: what identifies a datagram, how long a first fragment is remembered, and that
// memory stays bounded.

#include "packet/fragment.h"

#include <criterion/criterion.h>

#include <string.h>

static struct fragment_table *table(uint32_t entries) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 3);
	struct fragment_table *t = fragment_table_new(entries, &seed);
	cr_assert_not_null(t);
	return t;
}

static struct flow_key v4(uint8_t last, uint8_t proto, uint16_t sport) {
	return (struct flow_key
	){.flags = KEY_V4,
	  .proto = proto,
	  .src_port = sport,
	  .dst_port = 80,
	  .src4 = {10, 0, 0, last},
	  .dst4 = {10, 0, 1, 1}};
}

static struct flow_key v6(uint8_t last, uint8_t proto, uint16_t sport) {
	return (struct flow_key
	){.flags = KEY_V6,
	  .proto = proto,
	  .src_port = sport,
	  .dst_port = 80,
	  .src6 = {0xfd, [15] = last},
	  .dst6 = {0xfd, [15] = 1}};
}

Test(fragment, gives_the_ports_of_the_first_fragment) {
	struct fragment_table *t = table(16);
	struct flow_key first = v4(1, 17, 1234), later = v4(1, 17, 0);
	later.dst_port = 0;
	cr_assert_not(fragment_table_get(t, &later, 7, 0));
	fragment_table_put(t, &first, 7, 0);
	cr_assert(fragment_table_get(t, &later, 7, 5));
	cr_assert_eq(later.src_port, 1234);
	cr_assert_eq(later.dst_port, 80);
	fragment_table_free(t);
}

Test(fragment, tells_datagrams_apart_by_addresses_id_and_for_ipv4_protocol) {
	struct fragment_table *t = table(16);
	struct flow_key first = v4(1, 17, 1234);
	fragment_table_put(t, &first, 7, 0);
	struct flow_key other_id = v4(1, 17, 0), other_addr = v4(2, 17, 0),
			other_proto = v4(1, 6, 0);
	cr_assert_not(fragment_table_get(t, &other_id, 8, 0));
	cr_assert_not(fragment_table_get(t, &other_addr, 7, 0));
	cr_assert_not(fragment_table_get(t, &other_proto, 7, 0));
	cr_assert_eq(other_proto.dst_port, 80, "a miss leaves the key alone");
	fragment_table_free(t);
}

Test(fragment, does_not_need_the_protocol_for_ipv6_but_gives_it) {
	struct fragment_table *t = table(16);
	struct flow_key first = v6(1, 17, 1234), later = v6(1, 60, 0), other = v6(2, 60, 0);
	fragment_table_put(t, &first, 0x12345678, 0);
	cr_assert(fragment_table_get(t, &later, 0x12345678, 0));
	cr_assert_eq(later.proto, 17);
	cr_assert_eq(later.src_port, 1234);
	cr_assert_not(fragment_table_get(t, &other, 0x12345678, 0));
	cr_assert_not(fragment_table_get(t, &later, 0x12345679, 0));
	fragment_table_free(t);
}

Test(fragment, forgets_after_thirty_seconds_of_event_time) {
	struct fragment_table *t = table(16);
	struct flow_key first = v4(1, 17, 1234), later = v4(1, 17, 0);
	fragment_table_put(t, &first, 7, 1000);
	cr_assert(fragment_table_get(t, &later, 7, 1000 + FRAGMENT_LIFE_US));
	cr_assert_not(fragment_table_get(t, &later, 7, 1001 + FRAGMENT_LIFE_US));
	cr_assert(fragment_table_get(t, &later, 7, 0), "time may run backwards");
	fragment_table_free(t);
}

Test(fragment, takes_times_at_the_ends_of_the_range) {
	struct fragment_table *t = table(16);
	struct flow_key first = v4(1, 17, 1234), later = v4(1, 17, 0);
	fragment_table_put(t, &first, 7, INT64_MIN);
	cr_assert_not(fragment_table_get(t, &later, 7, INT64_MAX));
	cr_assert(fragment_table_get(t, &later, 7, INT64_MIN + 1));
	fragment_table_put(t, &first, 7, INT64_MAX);
	cr_assert(fragment_table_get(t, &later, 7, INT64_MIN));
	fragment_table_free(t);
}

Test(fragment, replaces_what_it_knew_of_the_same_datagram) {
	struct fragment_table *t = table(4);
	for (uint16_t port = 1; port <= 100; port++) {
		struct flow_key first = v4(1, 17, port), later = v4(1, 17, 0);
		fragment_table_put(t, &first, 7, port);
		cr_assert(fragment_table_get(t, &later, 7, port));
		cr_assert_eq(later.src_port, port);
	}
	cr_assert_eq(fragment_table_stats(t).evicted, 0);
	fragment_table_free(t);
}

Test(fragment, gives_up_the_oldest_when_full_and_counts_it) {
	struct fragment_table *t = table(4); // one bucket
	for (uint16_t id = 0; id < 4; id++) {
		struct flow_key first = v4(1, 17, (uint16_t)(100 + id));
		fragment_table_put(t, &first, id, id == 2 ? 0 : 10 + id); // 2 is the oldest
	}
	cr_assert_eq(fragment_table_stats(t).evicted, 0);
	struct flow_key first = v4(1, 17, 999), later = v4(1, 17, 0);
	fragment_table_put(t, &first, 9, 20);
	cr_assert_eq(fragment_table_stats(t).evicted, 1);
	cr_assert_not(fragment_table_get(t, &later, 2, 20));
	cr_assert(fragment_table_get(t, &later, 0, 20));
	cr_assert(fragment_table_get(t, &later, 9, 20));
	fragment_table_free(t);
}

Test(fragment, does_not_count_what_had_expired_anyway_as_given_up) {
	struct fragment_table *t = table(4);
	for (uint16_t id = 0; id < 100; id++) {
		struct flow_key first = v4(1, 17, id);
		fragment_table_put(t, &first, id, (int64_t)id * FRAGMENT_LIFE_US);
	}
	cr_assert_eq(fragment_table_stats(t).evicted, 0);
	fragment_table_free(t);
}

Test(fragment, keeps_a_thousand_datagrams_apart) {
	struct fragment_table *t = table(65536);
	for (uint32_t id = 0; id < 1000; id++) {
		struct flow_key first = v6((uint8_t)id, 17, (uint16_t)id);
		fragment_table_put(t, &first, id * 77, 0);
	}
	uint32_t found = 0;
	for (uint32_t id = 0; id < 1000; id++) {
		struct flow_key later = v6((uint8_t)id, 44, 0);
		if (fragment_table_get(t, &later, id * 77, 1)) {
			found++;
			cr_assert_eq(later.src_port, id);
		}
	}
	cr_assert_eq(found, 1000);
	fragment_table_free(t);
}

Test(fragment, refuses_a_size_no_memory_could_hold) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 3);
	cr_assert_null(fragment_table_new(UINT32_MAX, &seed));
}
