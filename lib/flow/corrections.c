// Batches in order of time, each a set of windows of its own that is closed whole.

#include "corrections.h"

#include "flow/sums_save.h"
#include "flow/window_save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000
#define VERSION 1

struct batch {
	int64_t start_us; // of its slot
	struct window_set *windows; // owned
};

struct corrections {
	struct window_config conf;
	int64_t slot_us;
	struct batch *batch; // by start_us
	uint32_t n;
	uint32_t capacity;
	struct window_set *loading; // of the batch whose records come
};

struct saved_batch {
	int64_t start_us;
	int64_t slot_us;
};

int64_t corrections_slot_us(enum window_kind kind, int64_t size_us, int64_t step_us) {
	switch (kind) {
	case WINDOW_SLIDING:
		return step_us;
	case WINDOW_SESSION:
		return pane_start(size_us + SECOND_US - 1, SECOND_US);
	case WINDOW_FLOW:
		return pane_start(step_us + SECOND_US - 1, SECOND_US);
	default:
		return size_us;
	}
}

struct corrections *corrections_new(const struct window_config *conf) {
	struct corrections *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->conf = *conf;
	c->slot_us = corrections_slot_us(conf->kind, conf->size_us, conf->step_us);
	return c;
}

void corrections_free(struct corrections *c) {
	if (c == NULL)
		return;
	for (uint32_t i = 0; i < c->n; i++)
		window_set_free(c->batch[i].windows);
	free(c->batch);
	free(c);
}

static int make_room(struct corrections *c) {
	if (c->n < c->capacity)
		return 0;
	uint32_t capacity = c->capacity == 0 ? 4 : c->capacity * 2;
	struct batch *batch = realloc(c->batch, capacity * sizeof(*batch));
	if (batch == NULL)
		return -ENOMEM;
	c->batch = batch;
	c->capacity = capacity;
	return 0;
}

// Few are open at a time, and panes come for the newest.
static struct window_set *batch_for(struct corrections *c, int64_t start_us) {
	uint32_t i = c->n;
	while (i > 0 && c->batch[i - 1].start_us > start_us)
		i--;
	if (i > 0 && c->batch[i - 1].start_us == start_us)
		return c->batch[i - 1].windows;
	if (make_room(c) < 0)
		return NULL;
	struct window_set *windows = window_set_new(&c->conf);
	if (windows == NULL)
		return NULL;
	memmove(&c->batch[i + 1], &c->batch[i], (c->n - i) * sizeof(*c->batch));
	c->batch[i] = (struct batch){start_us, windows};
	c->n++;
	return windows;
}

int corrections_add(struct corrections *c, const struct pane *pane) {
	// Windows of so many packets hold what came in order, and lack nothing.
	if (c->conf.kind == WINDOW_COUNT)
		return 0;
	struct window_set *windows = batch_for(c, pane_start(pane->turn_us, c->slot_us));
	return windows != NULL ? window_set_add(windows, pane) : -ENOMEM;
}

int64_t corrections_oldest(const struct corrections *c) {
	return c->n > 0 ? c->batch[0].start_us + c->slot_us : INT64_MAX;
}

const struct window_out *corrections_close(struct corrections *c, int64_t horizon_us) {
	while (c->n > 0 && corrections_oldest(c) <= horizon_us) {
		const struct window_out *out = window_set_close(c->batch[0].windows, INT64_MAX);
		if (out != NULL)
			return out;
		window_set_free(c->batch[0].windows);
		c->n--;
		memmove(&c->batch[0], &c->batch[1], c->n * sizeof(*c->batch));
	}
	return NULL;
}

bool corrections_save(const struct corrections *c, struct state_writer *w) {
	bool ok = true;
	for (uint32_t i = 0; ok && i < c->n; i++) {
		struct saved_batch head = {.start_us = c->batch[i].start_us, .slot_us = c->slot_us};
		ok = state_writer_put(w, STATE_BATCH, VERSION, &head, sizeof(head))
			&& window_set_save(c->batch[i].windows, w);
	}
	return ok;
}

static int refuse(struct err *err, const char *what) {
	return err_set(err, -EBADMSG, "corrections in the state: %s", what);
}

int corrections_load(struct corrections *c, const struct state_record *r, struct err *err) {
	const struct saved_batch *head = r->octets;
	if (r->kind != STATE_BATCH)
		return c->loading != NULL ? window_set_load(c->loading, r, err)
					  : refuse(err, "windows of no batch");
	// In order, and where times are not at their end.
	if (r->version != VERSION || r->len != sizeof(*head) || head->slot_us != c->slot_us
	    || head->start_us < INT64_MIN / 2 || head->start_us > INT64_MAX / 2
	    || head->start_us != pane_start(head->start_us, c->slot_us)
	    || (c->n > 0 && head->start_us <= c->batch[c->n - 1].start_us))
		return refuse(err, "not a batch");
	c->loading = batch_for(c, head->start_us);
	return c->loading != NULL ? 0 : err_set(err, -ENOMEM, "out of memory");
}
