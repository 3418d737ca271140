// Thresholds: which alerts of a rule that limits itself go out, counted apart by what the rule tracks.
// Event time, and a fixed number of counters. The exporter's thread.
#pragma once

#include "base/hash.h"
#include "base/state_io.h"
#include "flow/alert.h"

#include <stdbool.h>
#include <stdint.h>

// Counters at once, 128 octets each, touched only when used. What is tracked beyond that takes the
// place of a counter whose time is over or, where there is none near, of an old one: that starts anew.
#define THRESHOLD_ENTRIES 65536

struct threshold;

// `entries` is a power of two. NULL when out of memory.
struct threshold *threshold_new(uint32_t entries, const struct hash_seed *seed);
void threshold_free(struct threshold *t);

// Whether the alert goes out; then what was kept back by the same counter since the last that did is
// added to its packets and bytes. Alerts come in order of their turns; the answers depend on nothing
// else. Without a threshold: always.
bool threshold_pass(struct threshold *t, struct alert *a);

// All counters, into a checkpoint; and such a record back, into one of the same size that has counted
// nothing. False: the writer is full; -EBADMSG with err set.
bool threshold_save(
	const struct threshold *t, struct state_writer *w, uint16_t kind, uint16_t version
);
int threshold_load(struct threshold *t, const struct state_record *r, struct err *err);
