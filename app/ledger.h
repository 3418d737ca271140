// The ledger: what every frame came to, summed over all threads at one moment each, with what
// streams, rules and sinks did; as JSON for --summary and as text for people.
#pragma once

#include "match/inspect_stats.h"
#include "pipeline/tally.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct conf;
struct run;

struct ledger {
	double elapsed_s;
	struct tally tally; // over all threads
	struct inspect_stats match; // the same of what inspection counted
	uint64_t verdict[VERDICT_COUNT];
	uint64_t missed;
	uint64_t bytes_read; // of capture files, 0: not files
	uint64_t bytes_total;
	uint64_t to_skip; // frames that a run before took and that have yet to be read over
	bool balanced; // received = the sum of all verdicts
};

// Any thread while the run lives.
void ledger_read(struct run *run, struct ledger *out);

// One JSON object and a newline (contract, section 5).
void ledger_print_json(struct run *run, const struct ledger *l, FILE *to);

// The same, where other than run->resumed_at frames are to be told.
void ledger_print_json_at(struct run *run, const struct ledger *l, uint64_t resumed_at, FILE *to);

// The same of a run that took no frame and opened nothing.
void ledger_print_none(const struct conf *conf, FILE *to);

// A few lines for a terminal.
void ledger_print_text(struct run *run, const struct ledger *l, FILE *to);
