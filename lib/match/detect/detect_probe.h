// Tries whether Hyperscan compiles an expression within bounds of time and memory. Nothing bounds its
// compiler from within, so what looks dear is tried in a child process that the kernel stops.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define DETECT_PROBE_MS 2000u // of processor time, one expression
#define DETECT_PROBE_MS_ALL 60000u // all of a set
#define DETECT_PROBE_MEMORY (512ull << 20) // beyond what the process has anyway

struct detect_probe {
	uint32_t limit_ms; // 0: DETECT_PROBE_MS
	uint64_t limit_octets; // 0: DETECT_PROBE_MEMORY
	bool stream; // for stream mode, else for block mode
	uint32_t spent_ms; // zero at first
	uint32_t tried;
};

// Whether the expression, by its length and by the numbers in its braces, could be dear. Whatever is in
// braces counts, whether or not it is a repeat: in doubt it could.
bool detect_probe_is_wanted(const char *regex);

// Compiles in a child. Returns 0: compiles; 1: Hyperscan refuses it in time; -E2BIG
// with err set: takes too much time or memory, or the time for all is used up; other -errno with err
// set. May be called in a process with threads; wants 1 MB of stack.
int detect_probe_run(struct detect_probe *p, const char *regex, unsigned flags, struct err *err);
