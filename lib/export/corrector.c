// Batches of all streams share one budget.

#include "corrector.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

struct corrector {
	struct pane_store **stores; // owned is the list
	uint32_t n_stores;
	struct corrections **stream; // owned, one each
	uint32_t n_streams;
	struct budget budget;
	uint64_t carried; // octets for sessions and flows; of one batch at a time
	corrector_emit *emit;
	void *ctx;
	bool failed;
};

struct corrector *corrector_new(const struct corrector_config *conf) {
	struct corrector *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->emit = conf->emit;
	c->ctx = conf->ctx;
	c->budget = (struct budget){.max = conf->memory / 2, .kept = conf->memory / 32};
	c->carried = conf->memory / 2;
	c->stores = calloc(conf->n_stores + 1, sizeof(struct pane_store *));
	c->stream = calloc(conf->n_streams + 1, sizeof(struct corrections *));
	if (c->stores == NULL || c->stream == NULL) {
		corrector_free(c);
		return NULL;
	}
	for (; c->n_stores < conf->n_stores; c->n_stores++)
		c->stores[c->n_stores] = conf->stores[c->n_stores];
	c->n_streams = conf->n_streams;
	return c;
}

void corrector_free(struct corrector *c) {
	if (c == NULL)
		return;
	for (uint32_t i = 0; i < c->n_streams; i++)
		corrections_free(c->stream[i]);
	free(c->stream);
	free(c->stores);
	free(c);
}

int corrector_add(struct corrector *c, uint32_t stream, const struct window_config *conf) {
	struct window_config own = *conf;
	if (c == NULL)
		return 0;
	own.budget = &c->budget;
	own.memory = c->carried;
	own.live_start_us = INT64_MIN;
	c->stream[stream] = corrections_new(&own);
	return c->stream[stream] != NULL ? 0 : -ENOMEM;
}

static uint32_t close_batches(struct corrector *c, int64_t horizon_us, bool partial) {
	uint32_t closed = 0;
	for (uint32_t i = 0; i < c->n_streams; i++) {
		const struct window_out *out;
		while ((out = corrections_close(c->stream[i], horizon_us)) != NULL) {
			c->emit(c->ctx, i, out, partial);
			closed++;
		}
	}
	return closed;
}

static void force_oldest(struct corrector *c) {
	while (c->budget.used > c->budget.max) {
		int64_t oldest_us = INT64_MAX;
		for (uint32_t i = 0; i < c->n_streams; i++) {
			int64_t us = corrections_oldest(c->stream[i]);
			oldest_us = us < oldest_us ? us : oldest_us;
		}
		if (oldest_us == INT64_MAX)
			return;
		close_batches(c, oldest_us, true);
	}
}

static void add_pane(struct corrector *c, const struct pane *pane) {
	for (uint32_t i = 0; i < c->n_streams; i++) {
		if (corrections_add(c->stream[i], pane) == 0)
			continue;
		log_error("out of memory: %u late packets lost from corrections", pane->packets);
		c->failed = true;
	}
}

static uint32_t take_panes(struct corrector *c) {
	uint32_t taken = 0;
	for (uint32_t i = 0; i < c->n_stores; i++) {
		struct pane *pane;
		for (; (pane = pane_store_take(c->stores[i])) != NULL; taken++) {
			add_pane(c, pane);
			pane_store_return(c->stores[i], pane);
			force_oldest(c);
		}
	}
	return taken;
}

bool corrector_step(struct corrector *c, int64_t horizon_us, bool partial) {
	if (c == NULL)
		return false;
	uint32_t done = take_panes(c);
	return done + close_batches(c, horizon_us, partial) > 0;
}

bool corrector_failed(const struct corrector *c) {
	return c != NULL && c->failed;
}

bool corrector_marked(const struct corrector *c) {
	for (uint32_t i = 0; c != NULL && i < c->n_stores; i++)
		if (!pane_store_marked(c->stores[i]))
			return false;
	return true;
}

void corrector_pass(struct corrector *c) {
	for (uint32_t i = 0; c != NULL && i < c->n_stores; i++)
		pane_store_pass(c->stores[i]);
}

bool corrector_save(const struct corrector *c, uint32_t stream, struct state_writer *w) {
	return c == NULL || corrections_save(c->stream[stream], w);
}

int corrector_load(
	struct corrector *c, uint32_t stream, const struct state_record *r, struct err *err
) {
	if (c == NULL)
		return err_set(err, -EBADMSG, "corrections in the state: there are to be none");
	return corrections_load(c->stream[stream], r, err);
}
