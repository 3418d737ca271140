// Windows of one stream, made from handed-over panes: rows are masked to the stream's key, added up
// in the slice of event time they belong to, and a slice whose time is complete is given out. For
// tumbling windows a slice is a window. A stream with FIELD_RULE takes the panes' rows of match events.
#pragma once

#include "flow/pane.h"
#include "flow/sums.h"

#include <stdbool.h>
#include <stdint.h>

struct window_config {
	uint32_t fields; // FIELD_BIT()s of the key
	int64_t size_us;
	struct budget *budget; // shared by all streams; borrowed
	struct hash_seed seed;
};

// One window's contents, or a part of it still open.
struct window_slice {
	int64_t start_us;
	int64_t end_us;
	struct sums sums;
	struct flow_sum rest; // what the memory bounds kept from having a row; packets 0: nothing
};

struct window_set; // the exporter's; one thread

// NULL when out of memory. Free with _free.
struct window_set *window_set_new(const struct window_config *conf);
void window_set_free(struct window_set *ws);

// Adds all rows of a pane, and its rest row; with FIELD_RULE those of its events, if there are any. The
// pane lies within one window. Returns 0 or, when not even a slice could be had, -ENOMEM: then nothing
// of it was added.
int window_set_add(struct window_set *ws, const struct pane *pane);

// The oldest window that ends at or before `horizon_us`, taken out of the set; NULL if there is none.
// Free with window_slice_free.
struct window_slice *window_set_close(struct window_set *ws, int64_t horizon_us);
void window_slice_free(struct window_slice *slice);

// Windows open now.
uint32_t window_set_open(const struct window_set *ws);
