// What the main thread does while a run goes on: signals, the time limit, progress, the control socket,
// reloads.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct control;
struct reload;
struct run;

struct supervision {
	struct run *run;
	struct reload *reload;
	struct control *control; // NULL: none
	int signals; // a signalfd of start_watch_signals
	int64_t duration_us; // 0: no limit
};

// Returns when the run is done: whichever end comes first was asked for, and waited for.
void supervise(const struct supervision *s);
