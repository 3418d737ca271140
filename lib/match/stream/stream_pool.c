// The pool as a whole: made and freed, sets that come into use, streams that are closed or idle. The
// scans are in stream_pool_scan.c, those beside the streams in stream_pool_aside.c.

#include "stream_pool.h"

#include "stream_pool_eras.h"
#include "stream_pool_parts.h"
#include "stream_pool_room.h"

#include <errno.h>
#include <stdlib.h>

struct stream_pool *stream_pool_new(const struct stream_pool_config *conf) {
	struct stream_pool *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->conf = *conf;
	p->oldest = p->now = stream_era_new(NULL, NULL);
	p->stamp = calloc(1, sizeof(*p->stamp));
	if (p->now == NULL || p->stamp == NULL) {
		stream_pool_free(p);
		return NULL;
	}
	p->now->serial = p->now->kind = 1;
	return p;
}

static void free_list(struct stream_pool *p, struct stream_list *list) {
	while (list->first != NULL)
		stream_parts_free(p, list->first);
}

static void free_era(struct stream_pool *p, struct stream_era *e) {
	free_list(p, &e->awake);
	free_list(p, &e->resting);
	for (uint32_t i = 0; i < e->n_groups; i++)
		stream_room_close_all(p, &e->group[i]);
}

void stream_pool_free(struct stream_pool *p) {
	if (p == NULL)
		return;
	free_list(p, &p->bare);
	// A stream may hold parts of all eras.
	for (struct stream_era *e = p->oldest; e != NULL; e = e->newer)
		free_era(p, e);
	while (p->oldest != NULL) {
		struct stream_era *e = p->oldest;
		p->oldest = e->newer;
		stream_era_free(e);
	}
	free(p->stamp);
	free(p->packing);
	free(p->aside);
	free(p);
}

// Compressed, a stream may be larger by a little: what each part of it is told by.
#define PACKING_MORE 256u

static int grow_packing(struct stream_pool *p, const struct stream_era *e) {
	uint32_t octets = p->packing_octets;
	for (uint32_t i = 0; i < e->n_groups; i++) {
		uint32_t most = e->group[i].group->stream_octets + PACKING_MORE;
		octets = most > octets ? most : octets;
	}
	if (octets == p->packing_octets)
		return 0;
	char *packing = realloc(p->packing, octets);
	if (packing == NULL)
		return -ENOMEM;
	p->packing = packing;
	p->packing_octets = octets;
	return 0;
}

int stream_pool_use(
	struct stream_pool *p, const struct stream_set *set, hs_scratch_t *scratch,
	const uint32_t *map, bool same
) {
	struct stream_era *e;
	if (set == p->now->set) {
		p->now->scratch = scratch;
		return 0;
	}
	e = stream_era_new(set, scratch);
	if (e == NULL)
		return -ENOMEM;
	if (grow_packing(p, e) < 0 || stream_eras_push(p, e, map, same) < 0) {
		stream_era_free(e);
		return -ENOMEM;
	}
	return 0;
}

bool stream_pool_uses(const struct stream_pool *p, const struct stream_set *set) {
	for (const struct stream_era *e = p->oldest; e != NULL; e = e->newer) {
		if (e->set == set && (e == p->now || e->held > 0))
			return true;
	}
	return false;
}

const struct stream_pool_stats *stream_pool_stats(const struct stream_pool *p) {
	return &p->stats;
}

uint32_t stream_pool_advance(struct stream_pool *p, int64_t now_us, uint32_t budget) {
	uint32_t n = 0;
	if (p->remnants)
		stream_eras_drain(p, budget);
	for (struct stream_era *e = p->oldest; e != NULL; e = e->newer) {
		while (n < budget && e->awake.first != NULL) {
			// Event time may run back: what lies far ahead of it is idle as well.
			int64_t silent_us = now_us - e->awake.first->last_us;
			if (silent_us < p->conf.idle_us && silent_us > -p->conf.idle_us)
				break;
			stream_parts_rest(p, e->awake.first);
			n++;
		}
	}
	stream_room_trim(p, now_us, budget);
	return n;
}

void stream_pool_restart(struct stream_pool *p, struct match_stream **stream) {
	if (!stream_is_there(*stream))
		return;
	p->stats.restarts++;
	stream_pool_close(p, stream);
}

void stream_pool_close(struct stream_pool *p, struct match_stream **stream) {
	if (stream_is_there(*stream))
		stream_parts_free(p, *stream);
	*stream = NULL;
}
