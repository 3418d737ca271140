// Whose part of what was saved this is: workers may be others, and more or fewer, when it is loaded.
#pragma once

#include "packet/flow_key.h"

#include <stdbool.h>
#include <stdint.h>

struct share {
	// Whether packets with this key, unmasked, come here. Of fragments the key has the addresses (and for
	// IPv4 the protocol) and `fragment` is the datagram's identification, else NULL. NULL: all do.
	bool (*takes)(const void *ctx, const struct flow_key *key, const uint32_t *fragment);
	const void *ctx;
	bool first; // takes what is to be taken once: counters
};

static inline bool
share_takes(const struct share *s, const struct flow_key *key, const uint32_t *fragment) {
	return s == NULL || s->takes == NULL || s->takes(s->ctx, key, fragment);
}
