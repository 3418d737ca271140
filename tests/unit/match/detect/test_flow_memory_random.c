// What is told of a packet is what its own flow's packets say, whatever others do and whenever the table
// is swept: random traffic with late packets against a memory that keeps everything for ever.

#include "match/detect/flow_memory.h"

#include "tcp_rig.h"

#include <criterion/criterion.h>

#define SECOND 1000000ll
#define CASES 60
#define PACKETS 4000
#define FLOWS 40

struct model {
	int64_t last_us;
	bool seen;
	uint32_t sides;
	uint32_t client;
	uint64_t bits[3];
};

struct random {
	uint64_t state;
};

static uint32_t below(struct random *r, uint32_t n) {
	r->state = r->state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((r->state >> 33) % n);
}

// What the packet should be told, and the model after it.
static struct detect_flow expect(struct model *f, uint32_t dir, int64_t time_us) {
	int64_t life = f->sides == 3 ? 300 * SECOND : 30 * SECOND;
	if (!f->seen || time_us - f->last_us > life)
		*f = (struct model){.seen = true, .client = dir, .last_us = time_us};
	f->sides |= 1u << dir;
	f->last_us = time_us > f->last_us ? time_us : f->last_us;
	return (struct detect_flow){
		.dir = dir == f->client ? DETECT_TO_SERVER : DETECT_TO_CLIENT,
		.state = f->sides == 3 ? DETECT_ESTABLISHED : DETECT_NOT_ESTABLISHED,
		.bits = f->bits,
	};
}

static struct flow_key key_of(uint32_t flow, uint32_t dir) {
	static const uint8_t protos[] = {17, 1, 132, 89};
	struct flow_key k = tcp_key(0x01020304 + flow / 8, (uint16_t)(flow % 8 < 4 ? 7 : 9));
	k.proto = protos[flow % 4];
	if (k.proto == 1 || k.proto == 89)
		k.src_port = k.dst_port = flow % 8 < 4 ? 0 : 1;
	if (dir != 0)
		tcp_key_swap(&k);
	return k;
}

static void one_case(uint64_t number) {
	struct random rnd = {number * 0x9e3779b97f4a7c15ull + 1};
	struct model model[FLOWS] = {0};
	struct flow_memory_config conf = {.memory = 1 << 20, .mem = mem_pages()};
	hash_seed_fixed(&conf.seed, number);
	struct flow_memory *m = flow_memory_new(&conf);
	cr_assert_not_null(m);
	uint32_t words = 1 + below(&rnd, 3), step = 1 + below(&rnd, 20);
	int64_t newest = 0, lateness = below(&rnd, 60) * SECOND;
	flow_memory_forget_bits(m, words);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t which = below(&rnd, FLOWS), dir = below(&rnd, 2);
		int64_t time = newest + below(&rnd, step) * SECOND / 2;
		if (below(&rnd, 4) == 0)
			time -= below(&rnd, 90) * SECOND;
		// A late one comes in with the time below which it is late.
		if (time < newest - lateness)
			time = newest - lateness;
		newest = time > newest ? time : newest;
		struct flow_key key = key_of(which, dir);
		struct detect_flow is, should = expect(&model[which], dir, time);
		flow_memory_packet(m, &key, time, &is);
		cr_assert_eq(is.dir, should.dir, "case %lu, packet %u", number, i);
		cr_assert_eq(is.state, should.state, "case %lu, packet %u", number, i);
		cr_assert_eq(
			memcmp(is.bits, should.bits, 8 * words), 0, "case %lu, packet %u", number, i
		);
		if (below(&rnd, 5) == 0) {
			uint32_t w = below(&rnd, words);
			is.bits[w] = should.bits[w] = below(&rnd, 3);
		}
		flow_memory_keep(m, &is);
		if (below(&rnd, 10) == 0)
			flow_memory_advance(m, newest - lateness, below(&rnd, 30));
		if (below(&rnd, 500) == 0) {
			words = 1 + below(&rnd, 3);
			flow_memory_forget_bits(m, words);
			for (uint32_t k = 0; k < FLOWS; k++)
				memset(model[k].bits, 0, sizeof(model[k].bits));
		}
	}
	const struct flow_memory_stats *s = flow_memory_stats(m);
	cr_assert_eq(s->displaced + s->evicted + s->bits_full, 0);
	cr_assert_eq(s->opened, s->flows + s->expired);
	flow_memory_advance(m, INT64_MAX, 1 << 20);
	cr_assert_eq(flow_memory_stats(m)->flows, 0);
	cr_assert_eq(flow_memory_stats(m)->bits, 0, "every room came back");
	flow_memory_free(m);
}

Test(flow_memory_random, tells_what_the_flows_own_packets_say) {
	for (uint64_t number = 0; number < CASES; number++)
		one_case(number);
}
