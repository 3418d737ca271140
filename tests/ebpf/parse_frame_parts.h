// What frames of the XDP parser's test have in common: addresses, protocols, the headers outside and the
// packet inside, and how a table of them is used.
#pragma once

#include "frame.h"

#include <stdint.h>

#define A "192.0.2.1"
#define B "198.51.100.2"
#define A6 "2001:db8::1"
#define B6 "2001:db8::2"

enum {
	HOPOPTS = 0,
	TCP = 6,
	UDP = 17,
	ROUTING = 43,
	FRAGMENT = 44,
	GRE = 47,
	AH = 51,
	ICMP6 = 58,
	DSTOPTS = 60,
};

static inline void outer(struct frame *f, uint8_t proto) {
	frame_ethernet(f, 0);
	frame_ipv4(f, A, B, proto);
}

static inline void inner(struct frame *f) {
	frame_ipv4(f, "10.0.0.1", "10.0.0.2", TCP);
	frame_tcp(f, 1000, 80, 0x12);
	frame_zeros(f, 10);
}

struct parse_frame {
	const char *name;
	void (*make)(struct frame *f);
};

#define FRAME(name) \
	{ #name, name }

// Makes a frame of a table. Returns its name.
static inline const char *parse_frame_fill(const struct parse_frame *p, struct frame *f) {
	frame_start(f);
	p->make(f);
	frame_end(f);
	return p->name;
}
