// Random traffic of a few hosts, laid down ahead of time so that it can be given again from any packet on:
// connections both ways with holes, copies, other copies, resets and ports used again; datagrams; all of it
// in fragments now and then, and long silences.
#pragma once

#include "frame.h"
#include "packet/checksum.h"

#include <criterion/criterion.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS 10
#define TALKS 40
#define SENT_MAX 4000
#define TEXT 4096u

#define SYN 0x02
#define ACK 0x10
#define FIN 0x01
#define RST 0x04

struct sent {
	uint8_t *octets; // NULL: time goes on
	uint32_t len;
	int64_t time_us;
};

struct talk {
	bool open;
	uint8_t host;
	uint16_t port;
	uint32_t isn[2], at[2]; // octets that each side sent
	uint32_t text;
	uint32_t wrong; // of so many packets one has a wrong checksum; 0: none
	// A segment that is sent later, or never.
	uint32_t back_at, back_len;
	int back_side;
};

struct traffic {
	struct sent sent[SENT_MAX];
	uint32_t n;
	struct talk talk[TALKS];
	char text[TEXT];
	uint64_t dice;
	int64_t now_us;
	uint16_t port, id;
};

static struct traffic tr;
static struct frame frame;

static uint32_t roll(uint32_t sides) {
	tr.dice = tr.dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(tr.dice >> 33) % sides;
}

static void put32(uint8_t *to, uint32_t v) {
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void send_frame(void) {
	if (tr.n == SENT_MAX)
		return;
	struct sent *s = &tr.sent[tr.n++];
	tr.now_us += 1 + roll(20000);
	s->time_us = tr.now_us;
	s->len = frame.len;
	s->octets = malloc(frame.len);
	cr_assert_not_null(s->octets);
	memcpy(s->octets, frame.octet, frame.len);
}

// The packet in the frame, in two or three pieces of which one may never come.
static void send_pieces(const char *src, const char *dst) {
	const struct frame whole = frame;
	uint32_t len = whole.len - 34, cut = (len / 2 + 7) & ~7u;
	uint32_t order = roll(2), lost = roll(12);
	if (cut == 0 || cut >= len) {
		send_frame();
		return;
	}
	tr.id++;
	for (uint32_t k = 0; k < 2; k++) {
		uint32_t piece = k ^ order;
		frame_start(&frame);
		frame_ethernet(&frame, 0);
		frame_ipv4_fragment(
			&frame, src, dst, whole.octet[23], tr.id, piece ? (uint16_t)cut : 0,
			piece == 0
		);
		frame_payload(
			&frame, whole.octet + 34 + (piece ? cut : 0), piece ? len - cut : cut
		);
		frame_end(&frame);
		if (lost != piece)
			send_frame();
	}
}

static void send_packet(const char *src, const char *dst) {
	if (roll(12) == 0)
		send_pieces(src, dst);
	else
		send_frame();
}

static void address(char *to, uint8_t host, int side) {
	snprintf(to, 20, "10.0.%u.%u", host, side + 1u);
}

// The checksums of the IPv4 packet in the frame.
static void seal(bool wrong) {
	uint8_t *ip = frame.octet + 14, *l4 = ip + 20, pseudo[12] = {0};
	uint32_t len = frame.len - 34;
	memset(ip + 10, 0, 2);
	uint16_t sum = checksum_finish(checksum_add(0, ip, 20));
	memcpy(ip + 10, &sum, 2);
	memcpy(pseudo, ip + 12, 8);
	pseudo[9] = 6;
	pseudo[10] = (uint8_t)(len >> 8);
	pseudo[11] = (uint8_t)len;
	memset(l4 + 16, 0, 2);
	sum = checksum_finish(checksum_add(checksum_add(0, pseudo, 12), l4, len));
	sum ^= wrong ? 0x1234 : 0;
	memcpy(l4 + 16, &sum, 2);
}

static void send_tcp(const struct talk *t, int side, uint8_t flags, uint32_t at, uint32_t len) {
	char src[20], dst[20];
	uint8_t data[256];
	const uint16_t port[] = {t->port, 80};
	bool other = roll(60) == 0;
	address(src, t->host, side);
	address(dst, t->host, !side);
	for (uint32_t i = 0; i < len; i++)
		data[i] = (uint8_t)tr.text[(t->text + (uint32_t)side * 999 + at + i) % TEXT];
	if (other && len > 0)
		data[roll(len)] ^= 1;
	frame_ipv4_tcp(&frame, src, port[side], dst, port[!side], flags, data, len);
	put32(frame.octet + 38, t->isn[side] + at + !(flags & SYN));
	put32(frame.octet + 42, t->isn[!side] + t->at[!side] + 1);
	seal(t->wrong > 0 && roll(t->wrong) == 0);
	send_packet(src, dst);
}

static void open_talk(struct talk *t) {
	*t = (struct talk){
		.open = true,
		.host = (uint8_t)roll(HOSTS),
		// Some ports come again soon.
		.port = roll(4) > 0 ? (uint16_t)(1024 + tr.port++) : (uint16_t)(2000 + roll(3)),
		.isn = {roll(1u << 31) * 2, roll(1u << 31) * 2},
		.text = roll(TEXT),
		.wrong = roll(3) == 0 ? 1 + roll(6) : 0,
	};
	uint32_t how = roll(8);
	if (how > 1) {
		uint32_t len = how == 2 ? 5 + roll(40) : 0; // data with the SYN
		send_tcp(t, 0, SYN, 0, len);
		if (how != 3)
			send_tcp(t, 1, SYN | ACK, 0, 0);
		t->at[0] = roll(2) ? len : 0;
		if (how == 4)
			send_tcp(t, 0, ACK, 0, 0);
	}
}

static void talk_on(struct talk *t) {
	int side = roll(3) == 0;
	uint32_t len = 1 + roll(60), how = roll(24);
	switch (how) {
	case 0: // a hole
		if (t->back_len == 0) {
			t->back_at = t->at[side];
			t->back_len = len;
			t->back_side = side;
		}
		t->at[side] += len;
		return;
	case 1: // filled, or copied
	case 2:
	case 3:
		if (t->back_len > 0) {
			send_tcp(t, t->back_side, ACK, t->back_at, t->back_len);
			t->back_len = how == 1 ? t->back_len : 0;
		}
		return;
	case 4: // again, some of it at least
		len = len < t->at[side] ? len : t->at[side];
		send_tcp(t, side, ACK, t->at[side] - len, len);
		return;
	case 5:
		send_tcp(t, !side, ACK, t->at[!side], 0);
		return;
	case 6:
		if (roll(3) == 0) {
			send_tcp(t, side, FIN | ACK, t->at[side], 0);
			t->open = roll(2);
		}
		return;
	case 7:
		if (roll(4) == 0) {
			send_tcp(t, side, RST | ACK, t->at[side] + roll(2), 0);
			t->open = roll(2);
		}
		return;
	case 8: // far away
		if (roll(8) == 0)
			t->at[side] += 1u << 25;
		return;
	default:
		send_tcp(t, side, ACK, t->at[side], len);
		t->at[side] += len;
	}
}

static void send_udp(void) {
	char src[20], dst[20];
	int side = (int)roll(2);
	uint8_t host = (uint8_t)roll(HOSTS);
	uint16_t port[] = {(uint16_t)(5000 + roll(4)), 53};
	uint32_t len = 20 + roll(100), at = roll(TEXT - 128);
	address(src, host, side);
	address(dst, host, !side);
	frame_ipv4_udp(&frame, src, port[side], dst, port[!side], tr.text + at, len);
	send_packet(src, dst);
}

static void traffic_init(uint64_t seed) {
	static const char *const word[] = {"needle", "hay", "ab", "AB", "x", "y ", "pin", "common",
					   "\n",     "a",   "b",  "c",  "d", "e ", "\r"};
	for (uint32_t i = 0; i < tr.n; i++)
		free(tr.sent[i].octets);
	tr = (struct traffic){.dice = seed, .now_us = 1000000000};
	for (uint32_t at = 0; at < TEXT;) {
		const char *w = word[roll(sizeof(word) / sizeof(word[0]))];
		for (; *w != '\0' && at < TEXT; w++)
			tr.text[at++] = *w;
	}
	while (tr.n < SENT_MAX) {
		struct talk *t = &tr.talk[roll(TALKS)];
		if (roll(8) == 0)
			send_udp();
		else if (!t->open)
			open_talk(t);
		else
			talk_on(t);
		if (roll(800) == 0)
			tr.now_us += roll(90) * 1000000ll;
	}
}
