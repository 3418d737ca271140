// What of matching a person should be told while it happens: scans over the memory budget, overlaps that
// conflict, checksums that are wrong too often. Seldom: a line a kind, and conflicts once a minute.
#pragma once

#include "match/inspect_stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Between two lines about conflicts.
#define MATCH_WATCH_CONFLICTS_US (60 * 1000000ll)

// Packets, ahead of the end, of which a tenth means something.
#define MATCH_WATCH_CHECKED_MIN 1000u

struct match_watch { // all zero: nothing was said yet
	bool budget;
	bool checksums;
	uint64_t conflicts; // that were spoken of
	int64_t conflicts_us; // when; good if `conflicts` is not 0
};

// The next line to be told, which is `buf` then, or NULL: nothing is left. `now_us`: of a clock that does
// not run backwards. `ended`: these counters are the last.
const char *match_watch_next(
	struct match_watch *w, const struct inspect_stats *s, int64_t now_us, bool ended, char *buf,
	size_t len
);
