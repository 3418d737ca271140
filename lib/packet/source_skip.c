// Positions of inputs that can be read again are numbers of frames, which every input can find by reading
// over them. One that knows a quicker way goes to a place at or ahead of the position.

#include "source_skip.h"

#include <stddef.h>
#include <string.h>

#define VERSION 2

struct saved_source {
	uint64_t index;
	uint64_t frames;
	int64_t newest_us;
	struct source_place place; // not in version 1
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
		if (sources[i]->ops->place != NULL)
			sources[i]->ops->place(sources[i], &to.place);
		if (!state_writer_put(w, STATE_SOURCE, VERSION, &to, sizeof(to)))
			return false;
	}
	return true;
}

static int go_on(struct source *src, const struct saved_source *from, struct err *err) {
	src->newest_us = from->newest_us;
	src->skip = from->frames;
	if (src->ops->seek == NULL)
		return 0;
	if (from->place.frames > from->frames)
		return err_set(
			err, -EBADMSG, "the place of an input in the state is behind itself"
		);
	int ret = src->ops->seek(src, &from->place);
	if (ret < 0)
		return err_set(err, ret, "%s", src->err.text);
	src->frames = from->place.frames;
	src->skip = from->frames - from->place.frames;
	return 0;
}

int source_load(
	struct source *const *sources, uint32_t n, const struct state_record *r, struct err *err
) {
	struct saved_source from = {};
	if (r->kind != STATE_SOURCE)
		return 0;
	bool whole = r->version == VERSION && r->len == sizeof(from);
	if (!whole && (r->version != 1 || r->len != offsetof(struct saved_source, place)))
		return err_set(err, -EBADMSG, "not the place of an input in the state");
	memcpy(&from, r->octets, r->len);
	if (from.index >= n)
		return err_set(err, -EBADMSG, "an input in the state that is not there");
	return go_on(sources[from.index], &from, err);
}
