// What inspection counted, added up over workers and told: as members of the summary's "match" object,
// and as lines for people. Knows nothing of runs.
#pragma once

#include "match/inspect_stats.h"

#include <stdbool.h>
#include <stdio.h>

// Every word of one worker's counters is added to the sum's; levels add up, too.
void match_report_add(struct inspect_stats *sum, const struct inspect_stats *part);

// `,"connections":{...},"streams":{...},"alone":N,...`: each counter once, always all of them. To follow
// other members of an object.
void match_report_json(const struct inspect_stats *s, FILE *to);

// A line for each part that has something to tell.
void match_report_text(const struct inspect_stats *s, FILE *to);

// Overlaps whose octets differ from the first copy: packets of connections, and fragments.
static inline uint64_t match_report_conflicts(const struct inspect_stats *s) {
	return s->tcp.conflicts + s->fragments.conflicts;
}

// Packets whose checksum was looked at, and those of them that were not matched for it.
uint64_t match_report_checked(const struct inspect_stats *s);
uint64_t match_report_refused(const struct inspect_stats *s);
