// The input's tcpdump expression, compiled once for each link type by libpcap and run on frames in
// memory.
#pragma once

#include "base/err.h"
#include "packet/link.h"
#include "packet/packet.h"

#include <stdbool.h>

struct filter; // immutable once made: any thread may run it

// Compiles `expression` for every link type. Returns NULL with err set when it does not compile for
// Ethernet (what is wrong with it is libpcap's text) or memory is out. Free with filter_free.
struct filter *filter_new(const char *expression, struct err *err);
void filter_free(struct filter *f);

// Whether the expression could be compiled for this link type; if not, err says why.
bool filter_has_link(const struct filter *f, enum link link, struct err *err);

// Whether the frame passes. `data` holds `len` octets of it.
bool filter_pass(
	const struct filter *f, const struct packet *p, const unsigned char *data, unsigned len
);
