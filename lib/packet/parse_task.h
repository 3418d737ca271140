// User space's side of a walk: the frame lies in memory as a whole, as far as it was captured. Internal
// to the parser.
#pragma once

#include "packet/parse_cursor.h"

struct parse_task {
	const uint8_t *data; // the frame's first octet; cursor.avail can be read
	struct flow_key *key;
	uint32_t tunnels; // enum tunnel
};

PARSE_INLINE const uint8_t *task_read(const struct parse_task *t, uint32_t off, uint32_t n) {
	return t->data + off;
}

PARSE_INLINE struct flow_key *task_key(const struct parse_task *t) {
	return t->key;
}

PARSE_INLINE uint32_t task_tunnels(const struct parse_task *t) {
	return t->tunnels;
}
