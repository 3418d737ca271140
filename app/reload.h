// Other rules while a run goes on: rule files are read and compiled by a thread of its own, workers take
// the new set between two bursts, and the old one goes when nothing refers to it any more. Everything
// here is the main thread's.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct run;
struct reload;

// For a run that is open; it must outlive all calls but reload_free. NULL when out of memory or file
// descriptors. Free with reload_free.
struct reload *reload_new(struct run *run);

// Asks for a reload: at once, or after the one that is under way, which may have read its files already.
// Returns the number under which its outcome will be told.
uint64_t reload_ask(struct reload *r);

// Readable when a set was compiled and reload_step has something to do.
int reload_fd(const struct reload *r);

// Moves on what is under way; never waits. True while workers have yet to take a set: call again soon.
bool reload_step(struct reload *r);

// How the reload with the highest number so far came out. A rule set that cannot be read or compiled, or
// has rules that are wrong as they are written, leaves the rules as they were.
struct reload_outcome {
	uint64_t number; // 0: none yet
	bool ok;
	const char *text; // lines for people, refused rules included; valid until the next call
};
struct reload_outcome reload_outcome(const struct reload *r);

// After run_close. False when a set is still being compiled after a moment, which may take minutes and
// cannot be interrupted: then nothing is freed, the configuration stays in use, and the process is to be
// left by _exit. NULL is fine.
bool reload_free(struct reload *r);
