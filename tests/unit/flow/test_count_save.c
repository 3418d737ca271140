// Open windows of so many packets in checkpoints: all as they were when it began, whatever comes meanwhile, and
// taken by whom their packets come to.

#include "flow/count_save.h"

#include "base/field.h"
#include "base/state_buffer.h"
#include "flow/sums_save.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>

#define TUPLE                                                                           \
	(FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP) | FIELD_BIT(FIELD_SRC_PORT) \
	 | FIELD_BIT(FIELD_DEST_PORT) | FIELD_BIT(FIELD_PROTO))
#define PORTS 3000
#define ROOM 4096
#define WINDOW 50

static struct state_buffer buffer;
static struct count_table from, to[3];
static struct err err;
// What was given out of `from`.
static struct flow_sum given[COUNT_RING_DEPTH];

static void open_table(struct count_table *t, uint32_t packets, uint32_t rows, uint64_t seed) {
	struct count_config c = {
		.fields = TUPLE,
		.where = "dest_port != 53",
		.packets = packets,
		.rows = rows,
		.mem = mem_pages()};
	hash_seed_fixed(&c.seed, seed);
	cr_assert_eq(count_table_init(t, &c), 0);
}

static void open_all(void) {
	state_buffer_init(&buffer, 64u << 20);
	open_table(&from, WINDOW, ROOM, 1);
	for (uint32_t i = 0; i < 3; i++)
		open_table(&to[i], WINDOW + i % 2, ROOM, 2 + i);
}

static void close_all(void) {
	count_table_fini(&from);
	for (uint32_t i = 0; i < 3; i++)
		count_table_fini(&to[i]);
	state_buffer_fini(&buffer);
}

TestSuite(count_save, .init = open_all, .fini = close_all);

static struct flow_key key_of(uint16_t port) {
	bool v6 = port % 3 == 0;
	struct flow_key key = {
		.flags = v6 ? KEY_V6 : KEY_V4, .src_port = port, .dst_port = 80, .proto = 17};
	if (v6)
		key.src6[15] = key.dst6[0] = (uint8_t)port;
	else
		key.src4[0] = key.dst4[3] = (uint8_t)port;
	return key;
}

static void add(struct count_table *t, uint16_t port, int64_t time_us) {
	struct flow_key key = key_of(port);
	struct packet p = {.time_us = time_us, .ip_len = port, .wire_len = 60};
	count_table_key(t, &key);
	count_table_add(t, &key, &p);
}

static const struct flow_sum *find(const struct count_table *t, uint16_t port) {
	struct flow_key key = key_of(port);
	count_table_key(t, &key);
	return sums_find(&t->open, &key, (struct rule_id){0});
}

// As the worker does: tables of a worker one after the other, all through `seen`.
static int load_into(
	struct count_table *t, uint32_t n, const struct share *share, const struct state_chunk *all
) {
	for (const struct state_chunk *c = all; c != NULL; c = c->next) {
		struct state_record r;
		uint32_t at = 0;
		while (state_next(c->octets, c->used, &at, &r) > 0) {
			int ret = count_tables_load(t, n, &r, share, &err);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

static void save(struct count_table *t, uint32_t number) {
	count_table_save_begin(t, number, &buffer.writer);
	while (!count_table_save_step(t))
		continue;
	count_table_save_end(t);
}

static void expect_same(const struct flow_sum *a, const struct flow_sum *b) {
	cr_expect_eq(a->packets, b->packets);
	cr_expect_eq(a->bytes, b->bytes);
	cr_expect_eq(a->frame_bytes, b->frame_bytes);
	cr_expect_eq(a->first_us, b->first_us);
	cr_expect_eq(a->last_us, b->last_us);
	cr_expect_eq(memcmp(&a->key, &b->key, FLOW_KEY_HEAD), 0);
}

Test(count_save, tells_what_was_open_whatever_comes_meanwhile) {
	static struct flow_sum before[ROOM];
	srandom(5);
	for (int round = 0; round < 20; round++) {
		uint16_t ports = round % 4 == 0 ? 30 : PORTS;
		uint32_t n = 0, steps = 0;
		for (int i = 0; i < 20000; i++)
			add(&from, (uint16_t)(random() % ports), i);
		n = from.open.n;
		memcpy(before, from.open.sum, n * sizeof(before[0]));
		count_table_save_begin(&from, 0, &buffer.writer);
		do {
			// Some end, some begin, some are made to leave, and the last moves about.
			for (int i = 0; i < 1000; i++)
				add(&from, (uint16_t)(random() % (ports + 2000u * (round % 3))), i);
			count_table_take(&from, given, COUNT_RING_DEPTH);
		} while (steps++ < 1000 && !count_table_save_step(&from));
		count_table_save_end(&from);
		struct state_chunk *all = state_buffer_take(&buffer);
		open_table(&to[0], WINDOW, ROOM, 9);
		cr_assert_eq(load_into(to, 1, NULL, all), 0);
		cr_assert_eq(to[0].open.n, n, "round %d: %u, not %u", round, to[0].open.n, n);
		for (uint32_t i = 0; i < n; i++) {
			const struct flow_sum *sum = find(&to[0], before[i].key.src_port);
			cr_assert_not_null(sum);
			expect_same(sum, &before[i]);
		}
		count_table_fini(&to[0]);
		state_chunks_free(all);
		state_buffer_init(&buffer, 64u << 20);
	}
	open_table(&to[0], WINDOW, ROOM, 9);
}

Test(count_save, goes_on_where_it_was) {
	for (int i = 0; i < WINDOW - 1; i++)
		add(&from, 80, i);
	save(&from, 0);
	struct state_chunk *all = state_buffer_take(&buffer);
	cr_assert_eq(load_into(to, 1, NULL, all), 0);
	add(&to[0], 80, 1000);
	cr_assert_eq(count_table_take(&to[0], given, 9), 1);
	cr_expect_eq(given[0].packets, WINDOW);
	cr_expect_eq(given[0].bytes, WINDOW * 80);
	cr_expect_eq(given[0].first_us, 0);
	cr_expect_eq(given[0].last_us, 1000);
	cr_expect_not(given[0].partial);
	state_chunks_free(all);
}

static bool odd_ports(const void *ctx, const struct flow_key *key, const uint32_t *fragment) {
	cr_assert_null(fragment);
	return key->src_port % 2 == *(const int *)ctx;
}

Test(count_save, windows_go_to_whom_their_packets_come) {
	const int even = 0, odd = 1;
	const struct share share[] = {
		{.takes = odd_ports, .ctx = &even, .first = true},
		{.takes = odd_ports, .ctx = &odd},
	};
	for (uint16_t port = 0; port < 200; port++)
		add(&from, port, port);
	from.rest.packets = 7;
	// Tables of a worker are told apart.
	save(&from, 2);
	struct state_chunk *all = state_buffer_take(&buffer);
	cr_assert_eq(load_into(to, 3, &share[0], all), 0);
	cr_expect_eq(to[0].open.n + to[1].open.n, 0);
	cr_expect_eq(to[2].open.n, 100);
	cr_expect_eq(to[2].rest.packets, 7);
	cr_expect_not_null(find(&to[2], 42));
	cr_expect_null(find(&to[2], 43));
	cr_assert_eq(load_into(to, 3, &share[1], all), 0);
	cr_expect_eq(to[2].open.n, 200);
	cr_expect_eq(to[2].rest.packets, 7, "once");
	state_chunks_free(all);
}

Test(count_save, one_key_of_two_workers_becomes_one_window_or_a_part_and_one) {
	add(&from, 1, 5);
	for (int i = 0; i < 30; i++)
		add(&from, 2, i);
	save(&from, 0);
	struct state_chunk *all = state_buffer_take(&buffer);
	cr_assert_eq(load_into(to, 1, NULL, all), 0);
	cr_assert_eq(load_into(to, 1, NULL, all), 0);
	cr_expect_eq(to[0].open.n, 2);
	cr_expect_eq(find(&to[0], 1)->packets, 2);
	cr_expect_eq(find(&to[0], 2)->packets, 30);
	cr_expect_not(find(&to[0], 2)->partial);
	cr_assert_eq(count_table_take(&to[0], given, 9), 1);
	cr_expect_eq(given[0].packets, 30);
	cr_expect(given[0].partial);
	state_chunks_free(all);
}

Test(count_save, more_than_there_is_room_for_is_refused) {
	struct count_table small;
	open_table(&small, WINDOW, 4, 1);
	for (uint16_t port = 0; port < 5; port++)
		add(&from, port, port);
	save(&from, 0);
	struct state_chunk *all = state_buffer_take(&buffer);
	cr_expect_eq(load_into(&small, 1, NULL, all), -ENOMEM);
	cr_expect(strstr(err.text, "flow.rows") != NULL, "%s", err.text);
	state_chunks_free(all);
	count_table_fini(&small);
}

// Loads the one record of `from` with the octets at `at` changed; those of the sum begin at 16.
static int load_changed(uint32_t at, const void *octets, uint32_t len) {
	uint8_t changed[256];
	save(&from, 0);
	struct state_chunk *all = state_buffer_take(&buffer);
	struct state_record r;
	uint32_t first = 0;
	cr_assert_eq(state_next(all->octets, all->used, &first, &r), 1);
	cr_assert_leq(r.len, sizeof(changed));
	memcpy(changed, r.octets, r.len);
	memcpy(changed + at, octets, len);
	r.octets = changed;
	int ret = count_tables_load(to, 1, &r, NULL, &err);
	r.octets = changed;
	r.version++;
	cr_expect_eq(count_tables_load(to, 1, &r, NULL, &err), -EBADMSG);
	r.version--;
	r.len -= 8;
	cr_expect_eq(count_tables_load(to, 1, &r, NULL, &err), -EBADMSG);
	state_chunks_free(all);
	state_buffer_init(&buffer, 64u << 20);
	return ret;
}

#define SUM(field) (uint32_t)(16 + offsetof(struct flow_sum, field))
#define CHANGED(at, type, value) load_changed(at, &(type){value}, sizeof(type))

Test(count_save, what_no_table_had_is_refused) {
	add(&from, 80, 5);
	cr_expect_eq(CHANGED(0, uint32_t, 0), 0);
	cr_expect_eq(CHANGED(0, uint32_t, 1), -EBADMSG, "no such table");
	cr_expect_eq(CHANGED(4, uint32_t, WINDOW + 1), -EBADMSG, "windows of more");
	cr_expect_eq(CHANGED(8, uint64_t, 2), -EBADMSG);
	cr_expect_eq(CHANGED(SUM(packets), uint64_t, 0), -EBADMSG);
	cr_expect_eq(CHANGED(SUM(packets), uint64_t, WINDOW), -EBADMSG, "it would be full");
	cr_expect_eq(CHANGED(SUM(last_us), int64_t, 4), -EBADMSG, "ahead of the first");
	cr_expect_eq(CHANGED(SUM(rule), uint32_t, 1), -EBADMSG);
	cr_expect_eq(CHANGED(SUM(reason), uint8_t, FLOW_END_IDLE), -EBADMSG);
	cr_expect_eq(CHANGED(SUM(distinct_is), uint8_t, DISTINCT_EXACT), -EBADMSG);
	cr_expect_eq(CHANGED(SUM(key.tos), uint8_t, 1), -EBADMSG, "not in the key");
	cr_expect_eq(CHANGED(SUM(key.dst_port), uint16_t, 53), -EBADMSG, "not taken");
	cr_expect_eq(CHANGED(SUM(key.flags), uint8_t, KEY_V4 | KEY_VLAN), -EBADMSG);
	struct flow_sum partial = {.partial = true};
	cr_expect_eq(
		load_changed(127 + 16, (const uint8_t *)&partial + 127, 1), -EBADMSG, "a part"
	);
	struct flow_sum none = {.key.flags = KEY_REST, .matches = 1};
	cr_expect_eq(load_changed(16, &none, sizeof(none)), -EBADMSG, "a rest of nothing");
}
