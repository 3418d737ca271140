// A worker and an exporter of configured streams, as the program puts them together, over a generator whose
// event time runs: what benchmarks of windows measure.
#pragma once

#include "conf/conf.h"
#include "export/exporter.h"
#include "generator.h"
#include "pipeline/worker.h"

// A second of event time whose minutes are whole.
#define STREAM_RUN_START_US 1700000040000000

// A stream as the configuration has it.
struct stream_text {
	const char *key;
	const char *window;
	const char *more; // further lines, NULL: none
};

struct stream_run {
	struct generator gen; // first; its source is the worker's
	uint64_t second; // packets in a second of event time
	int64_t base_us; // event time of packet 0; moved on where there is silence
	bool both; // every second lap goes the other way
	struct conf *conf; // owned
	struct worker *worker; // owned
	struct exporter *exporter; // owned
	struct sink *sink; // owned; takes everything
};

// Must not move. `flows` is a power of two, and so is `second`. Ends the program with a message when it
// cannot be had.
void stream_run_init(
	struct stream_run *r, const struct stream_text *streams, uint32_t n, uint32_t flows,
	uint64_t second, int64_t lateness_us
);
void stream_run_fini(struct stream_run *r);

// So many packets, whole bursts, through the worker.
void stream_run_packets(struct stream_run *r, uint64_t packets);

// The input ends; every window goes out. Checks that every packet is in as many records of each stream as
// its windows ask for.
void stream_run_end(struct stream_run *r);
