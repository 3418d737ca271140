// What the exporter counts of a stream, record by record.
#pragma once

#include "export/exporter.h"

// Adds a record to what its stream has given out; `back`: of the other direction, or NULL; `late`: a
// correction. Returns whether it is the rest of what memory holds.
static inline bool stream_stat_add(
	uint64_t stat[STREAM_STAT_COUNT], const struct flow_sum *sum, const struct flow_back *back,
	bool late
) {
	uint64_t packets = sum->packets + (back != NULL ? back->packets : 0);
	stat[late ? STREAM_LATE_RECORDS : STREAM_RECORDS]++;
	stat[late ? STREAM_LATE_PACKETS : STREAM_PACKETS] += packets;
	if (!late)
		stat[STREAM_BYTES] += sum->bytes + (back != NULL ? back->bytes : 0);
	stat[STREAM_DISTINCT_LEAST] += sum->distinct_is == DISTINCT_LEAST;
	if (!(sum->key.flags & KEY_REST) || sum->top)
		return false;
	stat[STREAM_REST] += sum->packets;
	return true;
}
