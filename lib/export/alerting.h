// Alerting: what the exporter does with alerts. It takes them from the workers' rings, holds each until no
// worker can add an earlier one, applies thresholds, and gives out what is left, in one order.
#pragma once

#include "base/counters.h"
#include "base/hash.h"
#include "base/state_io.h"
#include "flow/alert_ring.h"

#include <stdbool.h>
#include <stdint.h>

// Alerts that wait for their turn, 128 octets each, taken as they are needed. More of them: the first in
// turn go out early.
#define ALERTS_WAITING 262144

struct alerting_config {
	struct alert_ring *const *rings; // one a worker; borrowed
	uint32_t n_rings;
	uint32_t waiting; // at most; ALERTS_WAITING
	struct hash_seed seed;
};

// What `counters` of alerting hold. Of what was taken from the rings, all is one of them at the end.
enum alerting_stat {
	ALERTS_OUT, // given out
	ALERTS_SUPPRESSED, // kept back by their rule's threshold
	ALERTS_STAT_COUNT,
};

struct alerting;

// Receives an alert that goes out; it is valid during the call.
typedef void alert_taker(void *ctx, const struct alert *a);

// NULL when out of memory.
struct alerting *alerting_new(const struct alerting_config *conf);
void alerting_free(struct alerting *al);

// Exporter: takes what is in the rings. `horizon_us` was read before: alerts whose turn is below it have
// been pushed. Gives out those, in order. Returns how many alerts moved.
uint32_t alerting_step(struct alerting *al, int64_t horizon_us, alert_taker *give, void *ctx);

// Exporter: whether all rings' marks were reached; goes on behind them.
bool alerting_marked(const struct alerting *al);
void alerting_pass(struct alerting *al);

// Exporter: what waits, with all that is to be said of its rules, thresholds and counters, into a
// checkpoint, and back into what has taken nothing yet. _save: false, the writer is full, or there is no
// memory. _load: 0, or -EBADMSG or -ENOMEM with err set.
bool alerting_save(const struct alerting *al, struct state_writer *w);
int alerting_load(struct alerting *al, const struct state_record *r, struct err *err);

// Control thread, once no worker uses a rule set any more: from now on no alert of it comes. Returns a
// ticket; when alerting_retired says so of it, no alert refers to that set and it may be freed. Alerts
// wait until event time has passed them: with a lateness of `all` that is the end of the run, so
// nobody should wait for it.
uint32_t alerting_retire(struct alerting *al);
bool alerting_retired(struct alerting *al, uint32_t ticket);

// Any thread.
void alerting_stats(struct alerting *al, uint64_t out[ALERTS_STAT_COUNT]);
