// How a direction's stream goes on: octets are delivered, holes are given up, the end is reached.
#pragma once

#include "match/tcp/tcp_half.h"

#include <stdbool.h>
#include <stdint.h>

// Delivers the octets that are next, from the packet.
void tcp_reader_emit(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const uint8_t *data, uint32_t len
);

// Delivers what is held in one piece in the first block, at most `max` octets, if it is next. Returns how
// many.
uint32_t tcp_reader_emit_held(struct tcp_work *w, struct tcp_half *h, uint32_t dir, uint32_t max);

// Delivers the packet's octets [next_off, next_off + len) where held ones are not the first copy, and
// then whatever held octets follow.
void tcp_reader_packet(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, const uint8_t *data, uint32_t len
);

// Goes on at offset `to`, ahead of which nothing is held, and delivers what follows.
void tcp_reader_skip(
	struct tcp_work *w, struct tcp_half *h, uint32_t dir, uint64_t to, enum tcp_gap why
);

// The offset behind the first hole: where held octets begin, or the FIN. TCP_HELD_NONE: no hole.
uint64_t tcp_reader_hole_end(const struct tcp_work *w, const struct tcp_half *h);

// Gives up the first hole. Returns whether there was one.
bool tcp_reader_give_up(struct tcp_work *w, struct tcp_half *h, uint32_t dir, enum tcp_gap why);

// Gives up every hole: afterwards nothing is held.
void tcp_reader_flush(struct tcp_work *w, struct tcp_half *h, uint32_t dir, enum tcp_gap why);

// Ends the direction where its FIN is reached.
void tcp_reader_check_fin(struct tcp_work *w, struct tcp_half *h, uint32_t dir);
