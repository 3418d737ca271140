// A worker with small panes and a seed that is always the same. For unit tests.
#pragma once

#include "base/field.h"
#include "pipeline/worker.h"

#include <criterion/criterion.h>
#include <stdlib.h>

// What tests have in common; what they are about is theirs to set.
static inline struct worker_config
small_worker_config(struct source **sources, int64_t width_us, int64_t lateness_us) {
	struct worker_config c = {
		.sources = sources,
		.n_sources = 1,
		.intake = {.time = {.lateness_us = lateness_us}, .tunnels = TUNNEL_ALL},
		.fields = FIELD_BIT(FIELD_SRC_PORT),
		.panes =
			{.width_us = width_us,
			 .active = 2,
			 .spares = 30,
			 .rows = 1024,
			 .mem = mem_pages()},
	};
	hash_seed_fixed(&c.intake.seed, 3);
	c.seed = c.intake.seed;
	return c;
}

static inline struct worker *small_worker_new(const struct worker_config *c) {
	struct worker *w = aligned_alloc(CACHE_LINE, sizeof(*w));
	cr_assert_not_null(w);
	cr_assert_eq(worker_init(w, c), 0);
	return w;
}

static inline void small_worker_free(struct worker *w) {
	worker_fini(w);
	free(w);
}
