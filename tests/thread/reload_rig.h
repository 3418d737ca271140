// Workers in threads of their own, an alerting, and rule sets that change under way: what tests of reloads
// have in common. The thread that has the rig is the control thread.
#pragma once

#include "export/alerting.h"
#include "pipeline/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RELOAD_WORKERS_MAX 3
#define RELOAD_RETIRED 64

struct reload_rig {
	uint32_t n_workers;
	struct worker *workers; // owned
	struct alerting *alerting; // owned
	struct match_engine *engine; // in force; owned
	// Sets that alerts on their way may speak of.
	struct {
		struct match_engine *engine; // owned
		uint32_t ticket;
	} retired[RELOAD_RETIRED];
	uint32_t n_retired;
	_Atomic(uint32_t) finished; // workers → exporter
	// Only the rig looks at these.
	struct source *source[RELOAD_WORKERS_MAX];
	struct alert_ring *ring[RELOAD_WORKERS_MAX];
	struct reload_seat {
		struct reload_rig *rig;
		uint32_t index;
		pthread_t thread;
	} seat[RELOAD_WORKERS_MAX];
};

// Ends the test where something is not good that it stands on.
void reload_must(bool good, const char *what);

// Takes the first set over. Then comes a reload_rig_add for each worker, and reload_rig_start.
void reload_rig_open(struct reload_rig *r, uint32_t n_workers, struct match_engine *engine);

// Worker `i` on its source. Of the configuration: match (but for the set) and panes.
void reload_rig_add(
	struct reload_rig *r, uint32_t i, struct source *source, const struct worker_config *c
);

// Makes the alerting and lets the workers run. What the exporter does is the test's.
void reload_rig_start(struct reload_rig *r);

// Waits for a worker to end.
void reload_rig_join(struct reload_rig *r, uint32_t i);

// With all workers joined.
void reload_rig_close(struct reload_rig *r);

// Exporter thread: up to when every worker has been heard of.
int64_t reload_rig_horizon(const struct reload_rig *r);

// Offers a set to all workers and waits for their answers. Returns how many took it; `adopted` (may be
// NULL) hears of each at once. Whose set it was that came back is looked at.
uint32_t reload_rig_offer(
	struct reload_rig *r, struct match_set set,
	void (*adopted)(struct reload_rig *r, struct worker *w)
);

// A set is freed once no alert speaks of it; takes it over.
void reload_rig_retire(struct reload_rig *r, struct match_engine *engine);

// Frees what can be.
void reload_rig_free_retired(struct reload_rig *r);
