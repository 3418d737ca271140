// A worker that matches, fed lap after lap from frames in memory, its clock running only while it works.
#pragma once

#include "frames.h"
#include "match/match_engine.h"
#include "pipeline/worker.h"

#include <stdint.h>

// Octets for connections and streams: the configuration's default.
#define LAP_WORKER_MEMORY (256ull << 20)

struct lap_worker {
	struct worker *worker; // owned
	struct frames *frames; // borrowed
	struct source *source; // of these; the worker's array of one
	uint64_t laps;
};

// Must not move. Frames of kind FRAMES_CONNECTIONS for an engine that looks at streams. Ends the program with a message
// when it cannot be had.
void lap_worker_init(
	struct lap_worker *w, const struct match_engine *engine, bool streams, struct frames *frames
);
void lap_worker_fini(struct lap_worker *w);

// Seconds of processor time that `laps` take.
double lap_worker_run(struct lap_worker *w, uint32_t laps);

// The input has ended: checks that every frame was counted and every octet had room, and returns the
// number of match events.
uint64_t lap_worker_end(struct lap_worker *w);
