// From what Hyperscan reports to rules: a scan of one part, and what is said of it.
#pragma once

#include "stream_pool_priv.h"

struct stream_tell {
	struct stream_pool *pool;
	const struct stream_report *report;
	struct pool_group *group; // of the part
	struct stream_states **states; // the part's, or the pool's `aside`
	// Parts of older eras, up to `until` (NULL: to the list's end). They alone speak for the rules that
	// they have, too: they saw more of the stream and know where it began, and what there was that
	// must not be. NULL: there are none.
	const struct stream_part *older;
	const struct stream_part *until;
	bool ending; // the stream is
};

// Begins a call of the pool's, in which a rule is told once.
void stream_tell_begin(struct stream_pool *p);

// What is told from now on, this part of the stream is the source of; those ahead of it were before.
static inline void stream_tell_of(
	struct stream_tell *t, const struct match_stream *s, const struct stream_part *part
) {
	if (t->group != NULL && part->group->era != t->group->era) {
		t->older = &s->part;
		t->until = part;
	}
	t->group = part->group;
}

// Scans octets with the stream of the part.
void stream_tell_scan(struct stream_tell *t, hs_stream_t *hs, const uint8_t *data, uint32_t len);

// Tells what the end of the stream brings; `hs` is reset by that.
void stream_tell_end(struct stream_tell *t, hs_stream_t *hs);

// The part found a rule of its set: tells it, if that is for this part to tell and was not told yet.
void stream_tell_found(const struct stream_tell *t, uint32_t rule);

// The part's state with this index, made if need be. NULL: no room, and the pool is starved.
struct stream_state *stream_tell_state(struct stream_tell *t, uint32_t index);
