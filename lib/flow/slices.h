// Slices of event time that are still open: rows of handed-over panes, masked to a stream's key and added
// up in the slice that holds the pane. Windows of every kind are made from slices whose time is complete.
#pragma once

#include "flow/distinct.h"
#include "flow/pane.h"
#include "flow/sums.h"
#include "flow/where.h"

#include <stdint.h>

struct slice {
	int64_t start_us; // multiple of the width
	int64_t end_us;
	struct sums sums;
	struct distinct distinct; // the sets of the sums
	struct flow_sum rest; // what the memory bounds kept from having a row
};

struct slices_config {
	uint32_t fields; // FIELD_BIT()s of the key
	struct key_cut cut; // of the key
	const struct where *where; // which rows are taken; borrowed; NULL: all
	bool biflow; // a row is taken where the condition holds for either direction
	uint32_t distinct; // FIELD_BIT() of the field whose values are counted; 0: none
	struct key_cut distinct_cut; // of these
	int64_t width_us; // a multiple of the panes'
	struct budget *budget; // borrowed
	struct hash_seed seed;
};

// One stream's. One thread.
struct slices {
	struct slices_config conf;
	struct flow_key mask;
	struct slice **open; // by start_us, oldest at `head`
	uint32_t head;
	uint32_t n; // one past the newest
	uint32_t capacity;
	struct slice *last; // the one added to last
	uint32_t rows; // of the one that was given back last
	struct sums spare; // a table for a slice to come; in the budget's `spare`
};

void slices_init(struct slices *s, const struct slices_config *conf);
void slices_fini(struct slices *s);

// Adds the rows of a pane that the stream takes, and its rest row, of which nobody can tell; with FIELD_RULE
// those of its events. A slice that nothing comes to is none. Returns 0 or, when not even a slice could be
// had, -ENOMEM: then nothing of it was added.
int slices_add(struct slices *s, const struct pane *pane);

// The open slice that begins at `start_us`, a multiple of the width; it may have to be made. NULL: out of
// memory.
struct slice *slices_at(struct slices *s, int64_t start_us);

// Sets the hash of a sum's key, which is masked.
void slices_hash(const struct slices *s, struct flow_sum *sum);

static inline uint32_t slices_open(const struct slices *s) {
	return s->n - s->head;
}

// The oldest one, NULL if none is open.
static inline struct slice *slices_oldest(const struct slices *s) {
	return s->head < s->n ? s->open[s->head] : NULL;
}

// Takes the oldest one out, which must be there; free it with slice_free, or give it back.
struct slice *slices_take(struct slices *s);

// As slice_free, but the table may serve a slice to come: one that is as large need not grow to it again, by
// doubling, through memory that is new each time. Also of NULL.
void slices_give_back(struct slices *s, struct slice *slice);

// An empty slice of any stretch of time; NULL when out of memory. It counts for the budget, even over it:
// the `rest` row must have a place.
struct slice *slice_new(int64_t start_us, int64_t end_us, struct budget *budget);
// One of this stream, which is not among the open ones; the same.
struct slice *slices_new(struct slices *s, int64_t start_us);
// Also of NULL.
void slice_free(struct slice *slice);
