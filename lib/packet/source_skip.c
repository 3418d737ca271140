// Positions of inputs that can be read again are numbers of frames: whatever is between them and us may
// know a quicker way there (struct source's `skip`).

#include "source_skip.h"

#include <string.h>

#define VERSION 1

struct saved_source {
	uint64_t index;
	uint64_t frames;
	int64_t newest_us;
};

int source_skip(struct source *src, struct burst *b, int n) {
	uint32_t have = (uint32_t)n;
	uint32_t drop = src->skip < have ? (uint32_t)src->skip : have;
	src->skip -= drop;
	b->n = drop;
	src->ops->release(src, b);
	b->n = have - drop;
	memmove(b->pkt, b->pkt + drop, b->n * sizeof(b->pkt[0]));
	memmove(b->key, b->key + drop, b->n * sizeof(b->key[0]));
	return (int)b->n;
}

bool source_save(struct source *const *sources, uint32_t n, struct state_writer *w) {
	for (uint32_t i = 0; i < n; i++) {
		struct saved_source to = {
			.index = i,
			// What is still to be skipped was taken, too.
			.frames = sources[i]->frames + sources[i]->skip,
			.newest_us = sources[i]->newest_us,
		};
		if (!state_writer_put(w, STATE_SOURCE, VERSION, &to, sizeof(to)))
			return false;
	}
	return true;
}

int source_load(
	struct source *const *sources, uint32_t n, const struct state_record *r, struct err *err
) {
	struct saved_source from;
	if (r->kind != STATE_SOURCE)
		return 0;
	if (r->version != VERSION || r->len != sizeof(from))
		return err_set(err, -EBADMSG, "not the place of an input in the state");
	memcpy(&from, r->octets, sizeof(from));
	if (from.index >= n)
		return err_set(err, -EBADMSG, "an input in the state that is not there");
	sources[from.index]->skip = from.frames;
	sources[from.index]->newest_us = from.newest_us;
	return 0;
}
