// Any octets as packets of a few connections: each octet of a stream comes out at most once and in
// order, memory stays in its bounds, and the books balance after every packet.

#include "match/tcp/tcp_header.h"
#include "match/tcp/tcp_table.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define FLOWS 3
#define HEAD 2
#define PACKET 8

// The consumer's pointer remembers where a stream stands.
static void walk(void *ctx, const struct tcp_delivery *d) {
	uint64_t *delivered = ctx;
	for (uint32_t i = 0; i < d->spans; i++) {
		const struct tcp_span *s = &d->span[i];
		void **user = &d->flow->half[s->dir].user;
		check(s->offset == (uintptr_t)*user + s->skipped);
		check(s->restart || s->skipped == 0);
		check(s->len > 0 || s->restart);
		for (uint32_t k = 0; k < s->len; k++)
			check(s->data[k] & 1); // as all octets sent are
		*delivered += s->len;
		*user = (void *)(uintptr_t)(s->offset + s->len);
	}
}

static void balance(const struct tcp_table *t, uint64_t delivered) {
	const struct tcp_stats *s = tcp_table_stats(t);
	uint64_t sum = 0;
	for (int i = 0; i < TCP_FATES; i++)
		sum += s->octets[i];
	check(sum == s->octets_in);
	check(s->octets[TCP_DELIVERED] == delivered);
}

static struct tcp_table *table(uint8_t a, uint8_t b, uint64_t *delivered) {
	struct tcp_table_config conf;
	tcp_table_config_init(&conf);
	hash_seed_fixed(&conf.seed, 1);
	conf.flows_max = 1 + a % 4;
	conf.hold_flow = 1024u << (b & 3);
	conf.hold_memory = conf.hold_flow * (1 + (b >> 2 & 1));
	conf.hold_segments = 1 + (b >> 3);
	conf.patience = 1 + a / 4 % 4;
	conf.history = a & 64 ? 4096 : 0;
	conf.midstream = a & 128;
	conf.evict_us = 1000;
	conf.hooks = (struct tcp_hooks){.deliver = walk, .ctx = delivered};
	struct tcp_table *t = tcp_table_new(&conf, NULL);
	check(t != NULL);
	return t;
}

// Octets of a packet: which flow and direction, and how far time goes on; flags; sequence number and
// acknowledgement, two octets each, the third of four choosing how large the step is; length; how much
// of that the capture cut off.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const uint8_t shift[4] = {0, 4, 12, 17};
	if (size < HEAD || size > 4096)
		return 0;
	uint64_t delivered = 0;
	struct tcp_table *t = table(data[0], data[1], &delivered);
	int64_t now = 0;
	for (data += HEAD, size -= HEAD; size >= PACKET; data += PACKET, size -= PACKET) {
		struct flow_key key = {.flags = KEY_V4, .proto = 6, .src_port = 1, .dst_port = 1};
		key.src4[0] = key.dst4[0] = (uint8_t)(1 + data[0] % FLOWS);
		key.src4[3] = data[0] >> 2 & 1;
		key.dst4[3] = !key.src4[3];
		now += (int64_t)(data[0] >> 3) * (data[0] == 255 ? 40000000 : 100);
		uint32_t length = data[6] < 128 ? data[6] : (uint32_t)(data[6] - 127) * 97;
		uint32_t captured = length - (data[7] & 1 ? length * (data[7] >> 1) / 127 : 0);
		uint8_t *payload = malloc(captured);
		check(payload != NULL || captured == 0);
		if (captured > 0)
			memset(payload, data[7] | 1, captured);
		struct tcp_packet p = {
			.key = &key,
			.payload = payload,
			.captured = captured,
			.length = length,
			.seq = (uint32_t)(data[2] | data[3] << 8) << shift[data[1] >> 6],
			.ack = (uint32_t)(data[4] | data[5] << 8) << shift[data[1] >> 6],
			.flags = data[1] & 63,
			.time_us = now,
		};
		const struct tcp_delivery *d = tcp_table_packet(t, &p);
		check((d->flow == NULL) == !!(d->events & TCP_NOT_TAKEN));
		walk(&delivered, d);
		free(payload);
		balance(t, delivered);
		if (data[0] % 16 == 9)
			tcp_table_advance(t, now, 2);
		check(tcp_table_usage(t).held_octets <= 16384 && tcp_table_usage(t).flows <= 4);
	}
	check(!tcp_table_drain(t, UINT32_MAX));
	balance(t, delivered);
	check(tcp_table_stats(t)->octets[TCP_HELD_NOW] == 0);
	check(tcp_table_usage(t).held_octets == 0);
	tcp_table_free(t);
	return 0;
}
