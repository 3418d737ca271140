// A thread on the packet path must not wait for room that never comes: buffers are taken, whoever wants them.

#include "saver_pools.h"

#include <errno.h>

static bool has_ended(enum state_pool_outcome outcome) {
	return outcome != STATE_POOL_IDLE && outcome != STATE_POOL_UNDER_WAY;
}

static void take_all(struct state_pool *p, saver_put *put, void *ctx) {
	struct state_chunk *c;
	while ((c = state_pool_take(p)) != NULL) {
		if (put != NULL)
			put(ctx, c);
		state_pool_give(p, c);
	}
}

bool saver_pools_take(
	const struct saver_pools *p, saver_put *put, void *ctx, struct err *fault, bool *left
) {
	bool all = true;
	for (uint32_t i = 0; i < p->n; i++) {
		// In this order: behind the last buffer there come no more.
		enum state_pool_outcome outcome = state_pool_outcome(p->pool[i]);
		take_all(p->pool[i], put, ctx);
		all &= has_ended(outcome);
		if (put == NULL || fault->text[0] != '\0')
			continue;
		*left = outcome == STATE_POOL_LEFT;
		if (outcome == STATE_POOL_LEFT)
			err_set(fault, -ECANCELED, "the run is ending");
		if (outcome == STATE_POOL_BROKEN)
			err_set(fault, -ENOBUFS,
				"more changed than there is memory for while it was saved");
		if (outcome == STATE_POOL_CROSSED)
			err_set(fault, -EBUSY,
				"another one was asked for while it was saved: both are given up");
	}
	return all;
}

void saver_pools_forget(const struct saver_pools *p) {
	for (uint32_t i = 0; i < p->n; i++)
		if (has_ended(state_pool_outcome(p->pool[i])))
			state_pool_idle(p->pool[i]);
}

void saver_pools_discard(const struct saver_pools *p) {
	for (uint32_t i = 0; i < p->n; i++) {
		bool ended = has_ended(state_pool_outcome(p->pool[i]));
		take_all(p->pool[i], NULL, NULL);
		if (ended)
			state_pool_idle(p->pool[i]);
	}
}

bool saver_pools_idle(const struct saver_pools *p) {
	for (uint32_t i = 0; i < p->n; i++)
		if (state_pool_outcome(p->pool[i]) != STATE_POOL_IDLE)
			return false;
	return true;
}
