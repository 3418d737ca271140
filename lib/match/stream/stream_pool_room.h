// The budget: Hyperscan's streams taken and given back, and how room is made when it is spent.
#pragma once

#include "stream_pool_priv.h"

// Makes room for `cost` octets more: unused streams go, then those that were silent longest are
// compressed, up to STREAM_VICTIMS of them. False: there is none.
#define STREAM_VICTIMS 8u
bool stream_room_make(struct stream_pool *p, uint64_t cost);

// A stream over the group's database, to be reset or written over by the caller. NULL: no room.
hs_stream_t *stream_room_open(struct stream_pool *p, struct pool_group *g);

// Gives it back; with `keep` to be used again, if its group is one of the newest era.
void stream_room_release(struct stream_pool *p, struct pool_group *g, hs_stream_t *hs, bool keep);

// Closes an unused stream of the group; there must be one.
void stream_room_close(struct stream_pool *p, struct pool_group *g);

// Closes all unused streams of the group, the spare included.
void stream_room_close_all(struct stream_pool *p, struct pool_group *g);

// Closes, up to `budget`, unused streams that were not needed for some time.
void stream_room_trim(struct stream_pool *p, int64_t now_us, uint32_t budget);

// The group's spare stream, reset; to be left reset. NULL: out of memory. It is not of the budget.
hs_stream_t *stream_room_spare(struct pool_group *g);
