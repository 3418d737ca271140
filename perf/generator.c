// The generator source. Flow n has a source address and a port made of n by multiplication: addresses
// that count upwards would make of a linear hash like CRC32 one without any collision, or one with
// nothing else, and neither is what traffic does to it.
//
// Each lap visits every flow once, in an order of its own: were it always the same, rows laid down in
// order of arrival would be walked through in a row, which no traffic does, and a processor's
// prefetcher would hide what a table costs.

#include "generator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static const uint8_t frame[60] = {
	0x02, 0,    0,    0,   0, 2,  0x02, 0, 0,  0,  0, 1, 0x08, 0x00, // Ethernet, IPv4
	0x45, 0,    0,    46,  0, 0,  0x40, 0, 64, 17, 0, 0, 10,   0,
	0,    1,    10,   255, 0, 2, // IPv4, UDP
	0x10, 0x00, 0x00, 53,  0, 26, 0,    0, // UDP
};

static int attach(struct source *src) {
	return 0;
}

// The n-th packet's flow: a permutation of [0, flows) for each lap, of cheap steps that each can be
// undone. The lap's number goes in between two multiplications, so that neighbours in one lap are none
// in another.
static uint32_t flow_of(const struct generator *g, uint64_t n) {
	uint32_t mask = g->flows - 1;
	uint32_t lap = (uint32_t)(n >> g->bits);
	uint32_t x = (uint32_t)n * 2654435761u ^ lap * 0x9e3779b9u;
	x &= mask;
	x ^= x >> (g->bits / 2 + 1);
	return x * 0x85ebca6bu & mask;
}

static int receive(struct source *src, struct burst *b) {
	struct generator *g = (struct generator *)src;
	if (g->next >= g->limit)
		return -ENODATA;
	for (uint32_t i = 0; i < BURST_MAX; i++) {
		uint32_t flow = flow_of(g, g->next);
		uint8_t *f = g->ring[g->next++ % GENERATOR_RING];
		uint32_t address = htonl(generator_address(flow));
		uint16_t port = (uint16_t)(flow ^ 0x1234);
		memcpy(f + 26, &address, sizeof(address));
		memcpy(f + 34, &port, sizeof(port));
		struct packet *p = &b->pkt[i];
		p->data = f;
		p->handle = 0;
		p->time_us = g->time_us;
		p->head_len = p->cap_len = p->wire_len = sizeof(frame);
		p->matches = 0;
		p->verdict = 0;
		p->reason = 0;
		p->link = 0;
		p->flags = 0;
		p->tcp_flags = 0;
		p->in_port = 0;
	}
	b->n = BURST_MAX;
	return BURST_MAX;
}

static void release(struct source *src, struct burst *b) {}

static void stats(struct source *src, struct source_stats *out) {
	*out = (struct source_stats){0};
}

static void detach(struct source *src) {}

void generator_init(struct generator *g, uint32_t flows) {
	static const struct source_ops ops = {
		.attach = attach,
		.recv = receive,
		.release = release,
		.stats = stats,
		.detach = detach,
	};
	memset(g, 0, sizeof(*g));
	g->source.ops = &ops;
	g->source.newest_us = INT64_MIN;
	g->flows = flows;
	g->bits = (uint32_t)__builtin_ctz(flows);
	g->time_us = 1700000000000000;
	for (uint32_t i = 0; i < GENERATOR_RING; i++)
		memcpy(g->ring[i], frame, sizeof(frame));
}
