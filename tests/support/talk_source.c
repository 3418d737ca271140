// Nothing but the addresses of frames that are written over after a few bursts.

#include "talk_source.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define WORDS 20 // of a connection
#define TEXT (sizeof(TALK_TEXT) - 1)

static uint32_t roll(struct talk_source *s, uint32_t sides) {
	s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(s->dice >> 33) % sides;
}

static void put32(uint8_t *to, uint32_t v) {
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint8_t *
put_ip(struct talk_source *s, struct packet *p, uint8_t proto, uint32_t l4, uint32_t len) {
	uint8_t *f = s->frame[s->slot++ % TALK_SLOTS];
	memset(f, 0, TALK_HEADERS);
	s->now_us += 1000;
	f[12] = 8;
	f[14] = 0x45;
	f[16] = (uint8_t)((20 + l4 + len) >> 8);
	f[17] = (uint8_t)(20 + l4 + len);
	f[22] = 64;
	f[23] = proto;
	f[26] = f[30] = 10;
	f[28] = s->host;
	f[29] = 1;
	f[33] = 2;
	*p = (struct packet){
		.data = f,
		.time_us = s->now_us,
		.head_len = 34 + l4 + len,
		.cap_len = 34 + l4 + len,
		.wire_len = 34 + l4 + len,
	};
	return f + 34;
}

static void
put_tcp(struct talk_source *s, struct packet *p, const struct talk *t, uint8_t flags, uint32_t at,
	uint32_t len) {
	uint8_t *h = put_ip(s, p, 6, 20, len);
	h[0] = (uint8_t)(t->port >> 8);
	h[1] = (uint8_t)t->port;
	h[3] = 80;
	put32(h + 4, t->isn + at + !(flags & 2));
	h[12] = 5 << 4;
	h[13] = flags;
	for (uint32_t i = 0; i < len; i++)
		h[20 + i] = (uint8_t)TALK_TEXT[(at + i) % TEXT];
}

static void put_udp(struct talk_source *s, struct packet *p) {
	uint8_t *h = put_ip(s, p, 17, 8, TEXT);
	h[1] = h[3] = 53;
	h[5] = 8 + TEXT;
	memcpy(h + 8, TALK_TEXT, TEXT);
	s->datagrams++;
}

// Whether the octets [at, at + len) of the stream hold the end of a TALK_WORD.
static bool ends_word(uint32_t at, uint32_t len) {
	for (uint32_t i = at; i < at + len; i++) {
		if (i % TEXT == sizeof(TALK_WORD) - 2)
			return true;
	}
	return false;
}

// One step of a connection: up to two packets.
static uint32_t step(struct talk_source *s, struct talk *t, struct packet *p) {
	if (!t->open) {
		*t = (struct talk){.isn = roll(s, 1u << 30) * 5, .port = s->port, .open = true};
		s->port = s->port < 60000 ? s->port + 1 : 1024;
		put_tcp(s, p, t, 2, 0, 0);
		return 1;
	}
	if (t->at >= WORDS * TEXT) {
		t->open = false;
		// Some leave a little behind a hole that is never filled.
		if (roll(s, 16) == 0)
			put_tcp(s, p, t, 0x10, t->at + 1, 4);
		else
			put_tcp(s, p, t, 0x11, t->at, 0);
		return 1;
	}
	uint32_t a = 1 + roll(s, TALK_OCTETS_MAX), b = 1 + roll(s, TALK_OCTETS_MAX), at = t->at;
	uint32_t how = roll(s, 8);
	if (how == 0) { // in turned order: the second brings both
		put_tcp(s, p, t, 0x10, at + a, b);
		put_tcp(s, p + 1, t, 0x10, at, a);
		s->words += ends_word(at, a + b);
		t->at += a + b;
		return 2;
	}
	put_tcp(s, p, t, 0x10, at, a);
	s->words += ends_word(at, a);
	t->at += a;
	if (how == 1) { // twice
		put_tcp(s, p + 1, t, 0x10, at, a);
		return 2;
	}
	return 1;
}

static int talk_recv(struct source *src, struct burst *b) {
	struct talk_source *s = (struct talk_source *)src;
	uint32_t n = 1 + roll(s, BURST_MAX - 2);
	if (atomic_load(&s->end))
		return -ENODATA;
	b->n = 0;
	if (s->given >= atomic_load(&s->allowed)) {
		sched_yield();
		return 0;
	}
	while (b->n < n) {
		uint32_t k = roll(s, s->flows + s->flows / TALK_FLOWS);
		if (k < s->flows)
			b->n += step(s, &s->talk[k], &b->pkt[b->n]);
		else
			put_udp(s, &b->pkt[b->n++]);
	}
	s->given += b->n;
	return (int)b->n;
}

static void talk_release(struct source *src, struct burst *b) {}

static const struct source_ops talk_ops = {.recv = talk_recv, .release = talk_release};

void talk_source_init(struct talk_source *s, uint8_t host, uint32_t flows) {
	*s = (struct talk_source){
		.source = {.ops = &talk_ops, .newest_us = INT64_MIN, .patient = true},
		.flows = flows,
		.port = 1024,
		.dice = host + 1u,
		.host = host,
	};
}
