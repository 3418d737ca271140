// Fragments saved and loaded: ports of first fragments, and datagrams that are being put together.

#include "base/state_buffer.h"
#include "fragments.h"
#include "packet/fragment.h"
#include "packet/packet_state.h"

#include <criterion/criterion.h>

#include <errno.h>

static struct state_buffer buffer;

static void open_buffer(void) {
	state_buffer_init(&buffer, 64u << 20);
}

static void close_buffer(void) {
	state_buffer_fini(&buffer);
}

TestSuite(packet_save, .init = open_buffer, .fini = close_buffer);

static struct flow_key key_of(uint8_t host, uint16_t port) {
	return (struct flow_key
	){.flags = KEY_V4,
	  .proto = 17,
	  .src_port = port,
	  .dst_port = port != 0 ? 53 : 0,
	  .src4 = {10, 0, 0, host},
	  .dst4 = {10, 0, 1, 1}};
}

static bool odd_hosts(const void *ctx, const struct flow_key *key, const uint32_t *fragment) {
	cr_assert_not_null(fragment);
	return key->src4[3] % 2;
}

Test(packet_save, first_fragments_go_to_whom_the_later_ones_go) {
	const struct share odd = {.takes = odd_hosts};
	struct hash_seed seed[2];
	hash_seed_fixed(&seed[0], 1);
	hash_seed_fixed(&seed[1], 2);
	struct fragment_table *from = fragment_table_new(4096, &seed[0]);
	struct fragment_table *to = fragment_table_new(4096, &seed[1]);
	for (uint8_t host = 0; host < 200; host++) {
		struct flow_key k = key_of(host, (uint16_t)(1000 + host));
		fragment_table_put(from, &k, 7, host);
	}
	fragment_table_save_begin(from, &buffer.writer);
	// What comes later is not in it.
	struct flow_key other = key_of(3, 9), more = key_of(201, 1);
	fragment_table_put(from, &other, 7, 500);
	fragment_table_put(from, &more, 7, 500);
	while (!fragment_table_save_step(from))
		continue;
	struct state_chunk *all = state_buffer_take(&buffer);
	struct state_record r;
	uint32_t at = 0;
	for (struct err err; state_next(all->octets, all->used, &at, &r) > 0;)
		cr_assert_eq(fragment_table_load(to, &r, &odd, &err), 0);
	state_chunks_free(all);
	for (uint8_t host = 0; host < 202; host++) {
		struct flow_key k = key_of(host, 0);
		bool found = fragment_table_get(to, &k, 7, 1000);
		cr_assert_eq(found, host % 2 && host < 200, "host %u", host);
		cr_expect_eq(k.src_port, found ? 1000 + host : 0);
	}
	fragment_table_free(from);
	fragment_table_free(to);
}

// A part of the datagram with this id; the last of `of` parts of 1,000 octets ends it.
static enum defrag_result give(struct defrag *d, uint32_t id, uint32_t part, uint32_t of) {
	struct fragment_spec s = {
		.data = text + part * 1000,
		.len = part + 1 < of ? 1000 : 777,
		.offset = part * 1000,
		.more = part + 1 < of,
		.v6 = id % 2,
		.id = id,
		.time_us = 100 + id,
	};
	return add(d, s);
}

static void save(struct defrag *d) {
	defrag_save_begin(d, &buffer.writer);
	while (!defrag_save_step(d))
		continue;
}

Test(packet_save, a_datagram_is_put_together_of_what_came_before_and_behind) {
	struct defrag *from = defrag_make(64, 1 << 20, 0), *to = defrag_make(64, 1 << 20, 0);
	fill();
	for (uint32_t id = 1; id <= 20; id++)
		for (uint32_t part = 0; part < 5; part++)
			if (part != id % 5)
				cr_assert_eq(give(from, id, part, 5), DEFRAG_HELD);
	save(from);
	struct state_chunk *all = state_buffer_take(&buffer);
	for (struct state_chunk *c = all; c != NULL; c = c->next) {
		struct state_record r;
		struct err err;
		uint32_t at = 0;
		while (state_next(c->octets, c->used, &at, &r) > 0)
			cr_assert_eq(defrag_load(to, &r, NULL, &err), 0, "%s", err.text);
	}
	state_chunks_free(all);
	cr_expect_eq(defrag_stats(to).held, 20);
	cr_expect_eq(defrag_stats(to).octets_held, defrag_stats(from).octets_held);
	for (uint32_t id = 1; id <= 20; id++) {
		cr_assert_eq(give(to, id, id % 5, 5), DEFRAG_COMPLETE, "%u", id);
		is_text(4777);
		cr_expect_eq(out.fragments, 5);
	}
	cr_expect_eq(defrag_stats(to).octets_held, 0);
	defrag_free(from);
	defrag_free(to);
}

Test(packet_save, any_other_octets_are_refused_or_taken_and_do_no_harm) {
	struct defrag *from = defrag_make(64, 1 << 20, 0);
	static uint8_t record[STATE_CHUNK] __attribute__((aligned(8)));
	give(from, 1, 0, 3);
	give(from, 1, 2, 3);
	give(from, 2, 1, 3);
	save(from);
	struct state_chunk *all = state_buffer_take(&buffer);
	uint32_t refused = 0;
	for (int i = 0; i < 5000; i++) {
		struct defrag *to = defrag_make(2, DEFRAG_MEMORY_MIN, 0);
		struct state_record r;
		struct err err;
		uint32_t at = 0;
		while (state_next(all->octets, all->used, &at, &r) > 0) {
			memcpy(record, r.octets, r.len);
			// Mostly where the numbers are.
			for (int k = random() % 3; k >= 0; k--)
				record[random() % (random() % 4 > 0 ? 136 : r.len)] = (uint8_t
				)random();
			r.octets = record;
			r.len -= random() % 40 == 0;
			int ret = defrag_load(to, &r, NULL, &err);
			cr_assert(ret == 0 || ret == -EBADMSG);
			refused += ret != 0;
		}
		for (uint32_t part = 0; part < 3; part++) {
			give(to, 1, part, 3);
			give(to, 2, part, 3);
			give(to, 3, part, 3);
		}
		struct defrag_stats s = defrag_stats(to);
		cr_assert_leq(s.held, 2);
		defrag_flush(to);
		cr_assert_eq(defrag_stats(to).held, 0);
		cr_assert_eq(defrag_stats(to).octets_held, 0);
		defrag_free(to);
	}
	cr_expect_gt(refused, 1000);
	state_chunks_free(all);
	defrag_free(from);
}
