// A table under test, fed by steps that say in a line what a packet is. What comes out is written down
// as text a direction: octets as they are, "{n}" for n octets skipped, "." for the end. After every
// packet the books must balance.
#pragma once

#include "match/tcp/tcp_table.h"
#include "tcp_key.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Sequence numbers of steps count from these, so that every stream wraps or changes sign early.
#define RIG_ISN_C 0xfffffffcu
#define RIG_ISN_S 0x7ffffffeu

struct rig_step {
	char who; // 'c' client, 's' server
	const char *flags; // of "SAFRPU"
	uint32_t seq; // from the sender's initial number
	uint32_t ack; // from the other's
	const char *data;
};

struct rig {
	struct tcp_table *t;
	struct tcp_table_config conf;
	int64_t now_us;
	uint32_t cut; // octets that the capture cuts off each payload
	struct flow_key key;
	uint32_t c_dir; // direction of the client's packets
	char text[2][4096]; // by sender: client, server
	uint32_t len[2];
	bool quiet; // write nothing down
	uint32_t events; // of all packets
	uint32_t closed[TCP_CLOSES];
	struct tcp_flow *flow; // of the last packet, and its direction
	uint32_t dir;
};

static inline void rig_write(struct rig *r, int side, const char *s, uint32_t len) {
	if (r->quiet)
		return;
	cr_assert_lt(r->len[side] + len, sizeof(r->text[side]));
	memcpy(r->text[side] + r->len[side], s, len);
	r->len[side] += len;
	r->text[side][r->len[side]] = '\0';
}

static inline void rig_note(struct rig *r, const struct tcp_delivery *d) {
	char gap[32];
	for (uint32_t i = 0; i < d->spans; i++) {
		const struct tcp_span *s = &d->span[i];
		int side = s->dir != r->c_dir;
		if (s->restart) {
			snprintf(gap, sizeof(gap), "{%llu}", (unsigned long long)s->skipped);
			rig_write(r, side, gap, (uint32_t)strlen(gap));
		}
		// The consumer's pointer remembers where the stream stands.
		void **user = &d->flow->half[s->dir].user;
		cr_assert_eq(s->offset, (uintptr_t)*user + s->skipped);
		*user = (void *)(uintptr_t)(s->offset + s->len);
		if (s->len > 0)
			rig_write(r, side, (const char *)s->data, s->len);
	}
	for (uint32_t i = 0; i < 2; i++) {
		if (d->ended & (1u << i))
			rig_write(r, i != r->c_dir, ".", 1);
	}
}

static inline void rig_deliver(void *ctx, const struct tcp_delivery *d) {
	rig_note(ctx, d);
}

static inline void rig_close(void *ctx, struct tcp_flow *f, enum tcp_close why) {
	struct rig *r = ctx;
	(void)f;
	r->closed[why]++;
}

static inline void rig_config(struct rig *r) {
	memset(r, 0, sizeof(*r));
	tcp_table_config_init(&r->conf);
	hash_seed_fixed(&r->conf.seed, 7);
	r->conf.flows_max = 64;
	r->conf.hold_memory = 1 << 20;
	r->conf.hold_flow = 16 << 10;
	r->conf.hold_segments = 64;
	r->conf.patience = 3;
	r->conf.history = 64 << 10;
	r->conf.hooks = (struct tcp_hooks){rig_deliver, rig_close, r};
	r->key = tcp_key(0x01020304, 40000);
	r->now_us = 1700000000000000;
}

static inline void rig_open(struct rig *r) {
	struct err err = {0};
	r->t = tcp_table_new(&r->conf, &err);
	cr_assert_not_null(r->t, "%s", err.text);
	struct flow_tuple tuple;
	r->c_dir = flow_tuple_of(&tuple, &r->key);
}

static inline void rig_balance(const struct tcp_table *t) {
	const struct tcp_stats *s = tcp_table_stats(t);
	uint64_t sum = 0;
	for (int i = 0; i < TCP_FATES; i++)
		sum += s->octets[i];
	cr_assert_eq(sum, s->octets_in, "%llu octets in", (unsigned long long)s->octets_in);
}

static inline uint8_t rig_flags(const char *text) {
	static const char letters[] = "FSRPAU";
	uint8_t flags = 0;
	for (; *text != '\0'; text++)
		flags |= (uint8_t)(1u << (strchr(letters, *text) - letters));
	return flags;
}

// Each packet's payload is a copy that is gone afterwards, and each packet a millisecond later.
static inline uint32_t rig_send(struct rig *r, const struct rig_step *s) {
	struct flow_key key = r->key;
	bool client = s->who == 'c';
	if (!client)
		tcp_key_swap(&key);
	uint32_t len = s->data != NULL ? (uint32_t)strlen(s->data) : 0;
	uint8_t *copy = malloc(len + 1);
	cr_assert_not_null(copy);
	if (len > 0)
		memcpy(copy, s->data, len);
	struct tcp_packet p = {
		.key = &key,
		.payload = copy,
		.captured = len > r->cut ? len - r->cut : 0,
		.length = len,
		.seq = s->seq + (client ? RIG_ISN_C : RIG_ISN_S),
		.ack = s->ack + (client ? RIG_ISN_S : RIG_ISN_C),
		.flags = rig_flags(s->flags),
		.time_us = r->now_us += 1000,
	};
	const struct tcp_delivery *d = tcp_table_packet(r->t, &p);
	if (d->events & TCP_REUSED) {
		rig_write(r, 0, "|", 1);
		rig_write(r, 1, "|", 1);
	}
	rig_note(r, d);
	uint32_t events = d->events;
	r->events |= events;
	r->flow = d->flow;
	r->dir = d->dir;
	memset(copy, '#', len);
	free(copy);
	rig_balance(r->t);
	return events;
}

static inline void rig_run(struct rig *r, const struct rig_step *s) {
	for (; s->who != '\0'; s++)
		rig_send(r, s);
}

static inline void rig_drain(struct rig *r) {
	cr_assert_not(tcp_table_drain(r->t, UINT32_MAX));
	rig_balance(r->t);
	const struct tcp_stats *s = tcp_table_stats(r->t);
	cr_assert_eq(s->octets[TCP_HELD_NOW], 0);
	cr_assert_eq(tcp_table_usage(r->t).held_octets, 0);
	cr_assert_eq(tcp_table_usage(r->t).flows, 0);
}

static inline void rig_free(struct rig *r) {
	tcp_table_free(r->t);
	r->t = NULL;
}
