// From a direction's octets to scans of its parts. What is usual, a stream that is awake and of the set
// in use, takes a few comparisons beside the scan.

#include "base/cache.h"
#include "stream_pool_aside.h"
#include "stream_pool_eras.h"
#include "stream_pool_parts.h"

// Remnants of past eras that each scan gives back.
#define DRAIN_STEP 4u

// Of a stream's state.
#define STATE_LINES 4u

enum readiness {
	READY,
	NOT_ALL, // what it has may be scanned, but a part for the set in use found no room
	NOTHING, // to look for
	NO_ROOM,
};

// False: no room, and the stream is gone.
static bool wake(struct stream_pool *p, struct match_stream *s) {
	if (s->awake || stream_parts_wake(p, s))
		return true;
	p->stats.restarts++;
	stream_parts_free(p, s);
	return false;
}

// For a stream that was at rest, or that the set in use is new to.
static enum readiness
go_on(struct stream_pool *p, struct match_stream **stream, const struct stream_where *where) {
	struct match_stream *s = *stream;
	uint32_t group[STREAM_GROUPS_MAX], n = 0;
	bool other_set = s->kind != p->now->kind;
	if (other_set && (n = stream_aside_groups(p, where, group)) == 0) {
		stream_parts_free(p, s);
		*stream = stream_nothing(p->now->kind);
		return NOTHING;
	}
	if (!wake(p, s)) {
		*stream = NULL;
		return NO_ROOM;
	}
	return !other_set || stream_parts_add(p, s, group, n) ? READY : NOT_ALL;
}

static enum readiness
begin(struct stream_pool *p, struct match_stream **stream, const struct stream_where *where) {
	uint32_t group[STREAM_GROUPS_MAX];
	uint32_t n = stream_aside_groups(p, where, group);
	*stream = n > 0 ? stream_parts_new(p, group, n) : stream_nothing(p->now->kind);
	if (*stream == NULL)
		return NO_ROOM;
	return n > 0 ? READY : NOTHING;
}

// What is not READY or NOT_ALL is no stream afterwards.
static enum readiness
make_ready(struct stream_pool *p, struct match_stream **stream, const struct stream_where *where) {
	struct match_stream *s = *stream;
	if (!stream_is_there(s))
		return begin(p, stream, where);
	p->pinned = s;
	while (s->part.group != NULL && s->part.group->era->cut)
		stream_parts_cut(p, s);
	if (s->part.group != NULL)
		return go_on(p, stream, where);
	p->stats.restarts++;
	stream_parts_free(p, s);
	return begin(p, stream, where);
}

// Parts of eras that looked for something else are scanned for a while, and for as long as there is
// nothing newer.
static void age_parts(struct stream_pool *p, struct match_stream *s, uint32_t len) {
	for (struct stream_part *part = &s->part; part != NULL; part = part->next) {
		if (part->group->era->kind != s->kind)
			part->behind += len < STREAM_PART_OCTETS ? len : STREAM_PART_OCTETS;
	}
	while (s->part.group->era->kind != s->kind && s->part.behind >= STREAM_PART_OCTETS) {
		const struct stream_era *e = s->part.group->era;
		uint64_t parts = e->n_parts;
		stream_parts_drop(p, s);
		p->stats.parts_cut += parts - e->n_parts;
	}
}

static void scan_parts(
	struct stream_pool *p, struct match_stream *s, const uint8_t *data, uint32_t len,
	const struct stream_report *report
) {
	struct stream_tell t = {.pool = p, .report = report};
	for (struct stream_part *part = &s->part; part != NULL; part = part->next) {
		stream_tell_of(&t, s, part);
		t.states = &part->states;
		stream_tell_scan(&t, part->live, data, len);
	}
	p->stats.scanned_octets += len;
}

void stream_pool_prefetch(const struct match_stream *s) {
	if (!stream_is_there(s))
		return;
	__builtin_prefetch(s); // all but the part's end
	__builtin_prefetch((const char *)s + CACHE_LINE);
}

void stream_pool_prefetch_state(const struct match_stream *s) {
	if (!stream_is_there(s) || s->part.packed_octets != 0)
		return;
	// What Hyperscan looks at first; what follows is fetched by the processor itself.
	for (uint32_t i = 0; i < STATE_LINES; i++)
		__builtin_prefetch((const char *)s->part.live + (size_t)i * CACHE_LINE);
}

static bool is_usual(const struct stream_pool *p, const struct match_stream *s) {
	return stream_is_there(s) && s->awake && s->kind == p->now->kind
		&& !s->part.group->era->cut;
}

void stream_pool_scan(
	struct stream_pool *p, struct match_stream **stream, const struct stream_where *where,
	const uint8_t *data, uint32_t len, const struct stream_report *report
) {
	enum readiness ready = READY;
	if (UNLIKELY(p->remnants))
		stream_eras_drain(p, DRAIN_STEP);
	if (*stream == stream_nothing(p->now->kind))
		return;
	stream_tell_begin(p);
	if (UNLIKELY(!is_usual(p, *stream)))
		ready = make_ready(p, stream, where);
	struct match_stream *s = *stream;
	if (UNLIKELY(ready == NOTHING))
		goto out;
	if (UNLIKELY(ready == NO_ROOM)) {
		stream_aside_over_budget(p, where, NULL, data, len, report);
		goto out;
	}
	stream_parts_touch(p, s, where->now_us);
	p->pinned = s;
	p->starved = false;
	scan_parts(p, s, data, len, report);
	if (UNLIKELY(p->starved)) {
		// It does not know any more what was met.
		stream_pool_restart(p, stream);
		stream_aside_over_budget(p, where, NULL, data, len, report);
		goto out;
	}
	if (UNLIKELY(ready == NOT_ALL))
		stream_aside_over_budget(p, where, &s->part, data, len, report);
	if (UNLIKELY(s->part.group->era->kind != s->kind))
		age_parts(p, s, len);
out:
	p->pinned = NULL;
}
