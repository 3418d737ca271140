// The saver: a thread of low priority that takes what workers and the exporter save for a checkpoint, and
// puts it into the store. One checkpoint at a time.
//
// What a checkpoint consists of comes from several threads. Each thread on the packet path has a struct
// state_pool of its own; what the exporter has comes in one go. The checkpoint is kept when all of them have
// delivered; it fails when one has not had room, the store refuses, or the exporter cannot deliver. A further
// kind of state joins by being saved by one of those threads, and needs nothing here (base/state_io.h says
// how).
#pragma once

#include "base/state_pool.h"
#include "state/store.h"

#include <stdbool.h>
#include <stdint.h>

struct saver; // opaque

struct saver_outcome {
	int code; // 0: it is kept, or -errno
	uint64_t octets; // as they were saved
	uint64_t stored; // as they are on disk
	int64_t took_us; // from being asked for to being durable
	struct err fault; // why it was not kept
};

struct saver_stats {
	uint64_t checkpoints; // kept
	uint64_t failed; // for a fault; not those that the end of the run came ahead of
	struct saver_outcome last; // of those that were kept
	int64_t saved_us; // when it was durable, by the clock; 0: never
};

// Begins the thread. `pools` are the packet threads'; they, the store and `asked` (what a run must have in
// common to go on) are borrowed. NULL with err set.
struct saver *saver_new(
	struct state_store *store, struct state_pool *const *pools, uint32_t n_pools,
	const char *asked, struct err *err
);

// After everybody who saves has ended. Also of NULL.
void saver_free(struct saver *s);

// Control thread. A checkpoint begins; then those who save are to be told. What saver_done is at its end,
// or 0: one is under way, or somebody still saves for one that was given up, or none begins any more.
uint64_t saver_begin(struct saver *s);

// The same; it is the run's last one, behind which none begins but saver_finish's.
uint64_t saver_begin_last(struct saver *s);
bool saver_closed(struct saver *s);

// What saver_done is at the end of the one that begins next.
uint64_t saver_next(struct saver *s);

// Any thread. Whether one is under way; how many have come to their end, one way or the other.
bool saver_busy(struct saver *s);
uint64_t saver_done(struct saver *s);

// Any thread. Whether the checkpoint of `ticket` has come to its end: then what came of it, or, where many have
// since, of an early one of those.
bool saver_outcome(struct saver *s, uint64_t ticket, struct saver_outcome *out);

// Readable when one has come to its end; to be read by the control thread.
int saver_fd(const struct saver *s);

// Exporter. What it has of the checkpoint under way; takes the buffers over.
void saver_deliver(struct saver *s, struct state_chunk *chunks);

// Exporter, instead: it cannot have any, `why` goes to the log. The checkpoint fails when everybody else has
// come to an end: what they save must not be taken for a part of the next one.
void saver_refuse(struct saver *s, const char *why);

// Exporter, when the run ends: the checkpoint under way, if any, is given up at once, and no further one
// begins but saver_finish's.
void saver_give_up(struct saver *s, const char *why);

// Exporter, at the end of the input: what it has, and the ledger, are the last checkpoint, of a finished
// run; one that is under way without its part is given up. Waits until it is kept. 0 or -errno with err set.
int saver_finish(struct saver *s, struct state_chunk *chunks, const char *summary, struct err *err);

// Exporter. Waits for the end of what is under way. 0, or -errno with err set: it failed.
int saver_wait(struct saver *s, struct err *err);

// Exporter. How many were kept.
uint64_t saver_kept(struct saver *s);

// Any thread.
void saver_stats(struct saver *s, struct saver_stats *out);
