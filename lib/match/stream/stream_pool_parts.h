// What a stream consists of: its parts made, compressed, expanded and given up, and the lists that it
// is in meanwhile.
#pragma once

#include "stream_pool_priv.h"

// A stream with a part for each of the newest era's `n` groups. NULL: no room.
struct match_stream *stream_parts_new(struct stream_pool *p, const uint32_t *group, uint32_t n);

// Gives up all there is.
void stream_parts_free(struct stream_pool *p, struct match_stream *s);

// Adds a part for each of the newest era's `groups`. False: no room, and it is as before.
bool stream_parts_add(
	struct stream_pool *p, struct match_stream *s, const uint32_t *group, uint32_t n
);

// Gives up the parts of the oldest era it has parts of, if any.
void stream_parts_drop(struct stream_pool *p, struct match_stream *s);

// The same for an era that was cut, but where the newest looks for the same they go on as parts of that,
// if there is room.
void stream_parts_cut(struct stream_pool *p, struct match_stream *s);

// Compresses the parts that take less memory so, and puts it to rest.
void stream_parts_rest(struct stream_pool *p, struct match_stream *s);

// Expands what is compressed. False: no room; then some parts may still be compressed.
bool stream_parts_wake(struct stream_pool *p, struct match_stream *s);

// The stream has octets at `now_us`: of all awake ones it is the one silent for the shortest time.
void stream_parts_touch(struct stream_pool *p, struct match_stream *s, int64_t now_us);
