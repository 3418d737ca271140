// The packet threads' pools together, as the saver sees them. The saver's thread; those that only look: any.
#pragma once

#include "base/err.h"
#include "base/state_pool.h"

#include <stdbool.h>
#include <stdint.h>

struct saver_pools {
	struct state_pool *const *pool; // borrowed
	uint32_t n;
};

// Takes what is there to `put`, NULL: to nobody. Returns whether every pool has delivered all of its part;
// `fault` is set where one of them cannot, and *left, if that is only because its thread has come to its
// end.
typedef void saver_put(void *ctx, const struct state_chunk *chunk);
bool saver_pools_take(
	const struct saver_pools *p, saver_put *put, void *ctx, struct err *fault, bool *left
);

// The checkpoint is over. Those who still save are waited for ahead of the next one.
void saver_pools_forget(const struct saver_pools *p);

// Between two checkpoints, while none can begin: what comes belongs to neither.
void saver_pools_discard(const struct saver_pools *p);

// Nobody saves.
bool saver_pools_idle(const struct saver_pools *p);
