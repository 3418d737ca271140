// Progress for a person: one line on a terminal, rewritten once a second, with a bar when the size of
// the input is known. Main thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct run;

struct progress {
	bool on; // stderr is a terminal, and no records go to the same
	uint64_t last_packets;
	double last_s;
};

void progress_init(struct progress *p, const struct run *run);
void progress_show(struct progress *p, struct run *run);

// Takes the line away.
void progress_clear(struct progress *p);
