// Rule sets that no worker uses any more, while alerts may still refer to their rules: freed when the
// exporter has done with those. Main thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RULE_RETIRED_MAX 64 // sets

struct exporter;
struct match_engine;

// All zero: none.
struct rule_retired {
	struct {
		struct match_engine *engine;
		uint32_t ticket; // the exporter's
	} set[RULE_RETIRED_MAX];
	uint32_t n;
};

bool rule_retired_full(const struct rule_retired *r);

// Takes over the engine, which no worker uses from now on. There must be room.
void rule_retired_add(struct rule_retired *r, struct exporter *e, struct match_engine *engine);

// Frees those that nothing refers to.
void rule_retired_step(struct rule_retired *r, struct exporter *e);

// Frees them all: when the exporter is gone, or refers to none.
void rule_retired_fini(struct rule_retired *r);
