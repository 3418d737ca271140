// A source of TCP connections without end, and of datagrams, that knows what there is to be found in
// them: for tests that change rules under way.
#pragma once

#include "packet/source.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// What a connection says again and again, and each datagram once.
#define TALK_WORD "common"
#define TALK_TEXT TALK_WORD " alpha beta, "

#define TALK_FLOWS 48 // for each of which so many packets there is a datagram
#define TALK_FLOWS_MAX 800
#define TALK_OCTETS_MAX 19 // of a segment
#define TALK_SLOTS (4 * BURST_MAX)
#define TALK_HEADERS (14 + 20 + 20)

// A connection of which the client sends the words, cut anywhere, some segments twice or in turned
// order, and some of the last never.
struct talk {
	uint32_t isn;
	uint32_t at; // octets sent
	uint16_t port;
	bool open;
};

// Connections without end, until it is told to end.
struct talk_source {
	struct source source; // first
	uint8_t frame[TALK_SLOTS][TALK_HEADERS + TALK_OCTETS_MAX];
	uint32_t slot;
	struct talk talk[TALK_FLOWS_MAX];
	uint32_t flows; // at a time
	uint16_t port;
	uint64_t dice;
	int64_t now_us;
	uint8_t host;
	// Control → worker.
	_Atomic(bool) end;
	_Atomic(uint64_t) allowed; // packets from the start
	uint64_t given;
	// What is to be found.
	uint64_t words; // packets that bring the end of a TALK_WORD, or of several, of connections
	uint64_t datagrams;
};

// `flows` at a time, of the host 10.0.`host`.1; a seed of its own. Gives out nothing until packets are
// `allowed`.
void talk_source_init(struct talk_source *s, uint8_t host, uint32_t flows);
