// The receiver (dispatch = software): polls every source of an input, parses, and spreads packets
// over the workers' lanes, so that what must meet in one worker does (pipeline/spread.h). Runs on a
// thread of its own.
#pragma once

#include "base/state_pool.h"
#include "pipeline/drain.h"
#include "pipeline/intake.h"
#include "pipeline/lane.h"
#include "pipeline/spread.h"

struct receiver_config {
	struct source **sources; // borrowed
	uint32_t n_sources;
	uint32_t n_lanes;
	// Workers keep streams or flows for matching: all packets between two hosts go to one of them, and
	// all fragments of their datagrams, so that what is found does not depend on how many there are.
	bool by_host;
	bool whole;
	struct intake_config intake;
	struct state_pool *pool; // for checkpoints; borrowed; NULL: there are none
};

struct receiver {
	// the receiver thread's
	struct source **sources;
	uint32_t n_sources;
	uint32_t n_lanes;
	uint32_t n_live; // sources that have not ended
	bool patient;
	int taken; // packets of the round before
	struct drain drain;
	// How long a burst of live traffic may wait for workers that have no room, in microseconds; what
	// is behind it waits in the device's or the kernel's buffer. 0: shed at once, for workers with
	// processors of their own. Set before the first step.
	uint32_t grace_us;
	bool *ended; // owned; per source
	struct lane *lanes; // owned
	struct intake intake;
	struct spread spread;
	struct tally tally; // of what it had to shed
	struct burst burst;
	struct burst returned; // only its handles are used
	struct state_pool *pool; // borrowed; NULL: no checkpoints
	uint32_t marked; // checkpoints that were taken up
	bool saving; // one of them goes on
	CACHE_GUARD(guard);
	struct counters published; // receiver → any thread
	_Atomic(bool) stop; // control → receiver
	_Atomic(bool) keep; // control → receiver, ahead of `stop`: what is known is to be saved
	_Atomic(uint32_t) checkpoint; // control → receiver: checkpoints asked for
	CACHE_GUARD(guard_end);
};

// 0 or -ENOMEM. Must not move afterwards.
int receiver_init(struct receiver *r, const struct receiver_config *conf);
void receiver_fini(struct receiver *r);

// One round over all sources. Returns packets taken (0: nothing was there), -ENODATA once every
// source has ended or `stop` was seen and all lanes were told so, or a source's fault: its text is in
// that source's err, and the lanes are told that the input has ended.
int receiver_step(struct receiver *r);

// Ahead of the first step: a record of a checkpoint. 0, also where it is somebody else's, or -errno with err
// set.
int receiver_load(struct receiver *r, const struct state_record *record, struct err *err);

// After the last step and after every worker has finished: gives the last packets back. Then the
// sources may be detached.
void receiver_drain(struct receiver *r);
