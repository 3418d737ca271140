// Held octets against an array and a flag an octet.

#include "match/tcp/tcp_held.h"

#include "match/tcp/tcp_pool.h"

#include <criterion/criterion.h>

#include <stdlib.h>

#define SPACE 8000
#define BLOCKS 32

struct model {
	uint8_t octet[SPACE];
	bool there[SPACE];
};

static const struct flow_key key = {.src_port = 1};
static const struct tcp_packet from = {.key = &key};

static uint32_t random_below(uint64_t *state, uint32_t n) {
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33) % n;
}

static void agree(const struct model *m, const struct tcp_held *h, const struct tcp_pool *p) {
	uint64_t begin = TCP_HELD_NONE, end = TCP_HELD_NONE;
	uint32_t runs = 0, blocks = 0;
	for (uint32_t i = 0; i < SPACE; i++) {
		if (!m->there[i])
			continue;
		begin = begin == TCP_HELD_NONE ? i : begin;
		runs += i == 0 || i % TCP_BLOCK_OCTETS == 0 || !m->there[i - 1];
		blocks += end == TCP_HELD_NONE
			|| (end - 1) / TCP_BLOCK_OCTETS != i / TCP_BLOCK_OCTETS;
		end = i + 1;
	}
	cr_assert_eq(tcp_held_begin(h, p), begin);
	cr_assert_eq(tcp_held_end(h, p), end);
	cr_assert_eq(h->runs, runs);
	cr_assert_eq(h->blocks, blocks);
}

static void
put(struct model *m, struct tcp_held *h, struct tcp_pool *p, uint32_t at, uint32_t len,
    uint64_t *state) {
	uint8_t *data = malloc(len);
	struct tcp_compare want = {0}, got = {0};
	for (uint32_t i = 0; i < len; i++) {
		data[i] = (uint8_t)random_below(state, 3);
		if (!m->there[at + i]) {
			m->there[at + i] = true;
			m->octet[at + i] = data[i];
			want.fresh++;
		} else if (m->octet[at + i] == data[i]) {
			want.same++;
		} else {
			want.differ++;
		}
	}
	uint32_t before = h->blocks, lacks = tcp_held_lacks(h, p, at, at + len);
	tcp_held_put(h, p, at, data, len, &from, &got);
	free(data);
	cr_assert_eq(h->blocks, before + lacks);
	cr_assert_eq(got.fresh, want.fresh);
	cr_assert_eq(got.same, want.same);
	cr_assert_eq(got.differ, want.differ);
}

// Takes from the front as a stream would: all of the first run, then what is behind the hole.
static void
take(struct model *m, struct tcp_held *h, struct tcp_pool *p, uint32_t max, uint32_t *done) {
	uint64_t at = tcp_held_begin(h, p);
	uint32_t len = 99;
	if (at == TCP_HELD_NONE) {
		cr_assert_null(tcp_held_take(h, p, 0, max, &len, done));
		cr_assert_eq(len, 0);
		return;
	}
	if (at > 0 && (at - 1) / TCP_BLOCK_OCTETS == at / TCP_BLOCK_OCTETS)
		cr_assert_null(tcp_held_take(h, p, at - 1, max, &len, done));
	const uint8_t *data = tcp_held_take(h, p, at, max, &len, done);
	cr_assert(len > 0 && len <= max);
	for (uint32_t i = 0; i < len; i++) {
		cr_assert(m->there[at + i]);
		cr_assert_eq(data[i], m->octet[at + i]);
		m->there[at + i] = false;
	}
	cr_assert(
		len == max || (at + len) % TCP_BLOCK_OCTETS == 0 || !m->there[at + len],
		"the whole run"
	);
}

Test(tcp_held, agrees_with_an_array_whatever_comes) {
	static struct model m;
	struct tcp_pool p;
	cr_assert_eq(tcp_pool_init(&p, BLOCKS, mem_pages()), 0);
	uint64_t state = 1;
	for (int round = 0; round < 300; round++) {
		struct tcp_held h = {0};
		memset(&m, 0, sizeof(m));
		for (int step = 0; step < 60; step++) {
			uint32_t len = 1 + random_below(&state, step % 3 ? 40 : 2000);
			uint32_t at = random_below(&state, SPACE - len);
			uint32_t done = 0;
			if (random_below(&state, 3) > 0)
				put(&m, &h, &p, at, len, &state);
			else
				take(&m, &h, &p, step % 2 ? UINT32_MAX : 5, &done);
			tcp_pool_give(&p, done);
			agree(&m, &h, &p);
			cr_assert_eq(p.taken, h.blocks);
		}
		uint32_t rest = 0;
		for (uint32_t i = 0; i < SPACE; i++)
			rest += m.there[i];
		cr_assert_eq(tcp_held_drop(&h, &p), rest);
		cr_assert_eq(tcp_pool_free(&p), BLOCKS);
	}
	tcp_pool_fini(&p);
}

Test(tcp_held, keeps_what_was_taken_until_its_block_is_given_back) {
	struct tcp_pool p;
	cr_assert_eq(tcp_pool_init(&p, 2, mem_pages()), 0);
	struct tcp_held h = {0};
	struct tcp_compare c = {0};
	uint32_t len, done = 0;
	tcp_held_put(&h, &p, 10, (const uint8_t *)"abc", 3, &from, &c);
	const uint8_t *data = tcp_held_take(&h, &p, 10, UINT32_MAX, &len, &done);
	tcp_held_put(&h, &p, 10, (const uint8_t *)"xyz", 3, &from, &c);
	cr_assert_eq(memcmp(data, "abc", 3), 0);
	cr_assert_eq(tcp_pool_free(&p), 0);
	tcp_pool_give(&p, done);
	cr_assert_eq(tcp_pool_free(&p), 1);
	tcp_held_drop(&h, &p);
	tcp_pool_fini(&p);
}

Test(tcp_held, takes_one_block_for_a_window_however_it_is_cut) {
	struct tcp_pool p;
	cr_assert_eq(tcp_pool_init(&p, 1, mem_pages()), 0);
	struct tcp_held h = {0};
	struct tcp_compare c = {0};
	for (uint32_t i = 0; i < TCP_BLOCK_OCTETS;
	     i++) // every second one from the end, then the rest
		tcp_held_put(
			&h, &p,
			(2 * TCP_BLOCK_OCTETS - 2 - 2 * i + i / (TCP_BLOCK_OCTETS / 2))
				% TCP_BLOCK_OCTETS,
			(const uint8_t *)"x", 1, &from, &c
		);
	cr_assert_eq(h.blocks, 1);
	cr_assert_eq(h.runs, 1);
	cr_assert_eq(c.fresh, TCP_BLOCK_OCTETS);
	tcp_held_drop(&h, &p);
	tcp_pool_fini(&p);
}

Test(tcp_held, knows_whose_the_octets_of_a_block_are) {
	struct tcp_pool p;
	cr_assert_eq(tcp_pool_init(&p, 3, mem_pages()), 0);
	struct tcp_held h = {0};
	struct tcp_compare c = {0};
	const struct flow_key keys[] = {{.tos = 1}, {.tos = 2}, {.tos = 3}};
	struct tcp_packet by[3];
	for (int i = 0; i < 3; i++)
		by[i] = (struct tcp_packet){.key = &keys[i], .own_us = 10 + i, .number = 7 + i};
	uint8_t data[2 * TCP_BLOCK_OCTETS] = {};
	tcp_held_put(&h, &p, 100, data, 50, &by[0], &c);
	// Across two windows; what came before is nobody else's now, and what is taken out at once either.
	tcp_held_put(&h, &p, TCP_BLOCK_OCTETS - 10, data, 20, &by[1], &c);
	tcp_held_put(&h, &p, 100, data, 50, &by[2], &c);
	tcp_held_put(&h, &p, 200, data, 50, NULL, &c);
	const struct tcp_block *first = tcp_pool_at(&p, h.first), *last = tcp_pool_at(&p, h.last);
	cr_assert_neq(first, last);
	cr_expect_eq(first->time_us, 11);
	cr_expect_eq(first->key.tos, 2);
	cr_expect_eq(last->time_us, 11);
	tcp_held_mark_last(&h, &p, &by[2]);
	cr_expect_eq(first->time_us, 11);
	cr_expect_eq(last->time_us, 12);
	cr_expect_eq(last->key.tos, 3);
	cr_expect_eq(last->key.hash, 9);
	tcp_held_drop(&h, &p);
	tcp_pool_fini(&p);
}
