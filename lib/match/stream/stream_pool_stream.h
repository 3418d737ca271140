// A direction's stream. It is in one list: of the era of its oldest part, or the pool's of those that
// have no part left.
#pragma once

#include "stream_pool_list.h"
#include "stream_pool_part.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

struct match_stream {
	struct stream_link link;
	int64_t last_us; // event time of its last octets
	uint32_t kind; // of the era that its newest part began in
	bool awake; // in the list `awake` of an era
	bool compressed; // some of its parts are
	struct stream_part part; // the oldest
};

// A direction that nothing is looked for in has no stream but this mark, good for eras of one kind.
static inline struct match_stream *stream_nothing(uint32_t kind) {
	static_assert(sizeof(uintptr_t) > sizeof(kind));
	return (struct match_stream *)((uintptr_t)kind << 1 | 1);
}

static inline bool stream_is_there(const struct match_stream *s) {
	return s != NULL && ((uintptr_t)s & 1) == 0;
}
