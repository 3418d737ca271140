// Windows of so many packets a key, which only who sees each packet can make: a worker's table of those that
// are open, and the ring by which those that are done go to the exporter. Both are of fixed size.
#pragma once

#include "base/mem.h"
#include "base/ring_mark.h"
#include "base/state_sweep.h"
#include "flow/sums.h"
#include "flow/where.h"
#include "packet/packet.h"

#include <stdbool.h>

// Windows that can wait in a ring.
#define COUNT_RING_DEPTH 8192

struct count_config {
	uint32_t fields; // FIELD_BIT()s of the key
	const char *where; // which keys are taken, flow/where.h; "" or NULL: all
	uint32_t packets; // of a window
	uint32_t rows; // windows open at a time, rounded up to a power of two
	bool patient; // wait for room in the ring rather than give up a window: the input waits for us
	struct hash_seed seed;
	const struct mem *mem;
};

// Of `rows` asked for, how many windows a table has room for, and the octets they take; what is on its way to
// the exporter is not among them.
uint32_t count_table_rows(uint32_t rows);
uint64_t count_table_octets(uint32_t rows);

// One worker's, of one stream. Only `done` and `mark` are touched by the exporter.
struct count_table {
	uint32_t packets;
	bool patient;
	struct flow_key mask;
	struct where *where; // owned; NULL: all keys
	struct hash_seed seed;
	struct sums open; // windows that are not full
	uint8_t *used; // of each of them: it had a packet since the hand came by; owned
	uint32_t hand;
	struct flow_sum rest; // windows that the ring had no room for: packets, or nothing
	struct state_sweep sweep; // over `open`; flow/count_save.h
	uint32_t number; // what it is called in the checkpoint that the sweep makes
	const struct mem *mem;
	CACHE_GUARD(guard);
	struct spsc done; // struct flow_sum: worker → exporter
	struct ring_mark mark; // in `done`
};

// Memory is touched as it is used. 0 or -ENOMEM, also where the condition does not compile. Must not move afterwards. Free with count_table_fini, also
// when all zero.
int count_table_init(struct count_table *t, const struct count_config *conf);
void count_table_fini(struct count_table *t);

// Worker: makes a packet's key, of which no field that the table asks for is masked, the table's, and
// fetches what is looked at first.
static inline void count_table_key(const struct count_table *t, struct flow_key *key) {
	uint32_t hash = flow_key_finish(key, &t->mask, &t->seed);
	__builtin_prefetch(&t->open.index[hash & (t->open.capacity * 2 - 1)]);
}

// Worker: fetches the window that a key is likely to be in.
static inline void count_table_fetch(const struct count_table *t, const struct flow_key *key) {
	uint32_t at = t->open.index[key->hash & (t->open.capacity * 2 - 1)];
	const char *sum = (const char *)&t->open.sum[at > 0 ? at - 1 : 0];
	// The key, and the counters.
	__builtin_prefetch(sum, 1);
	__builtin_prefetch(sum + CACHE_LINE, 1);
}

// Worker: counts a packet that is in windows, if the condition holds for its key.
void count_table_add(struct count_table *t, const struct flow_key *key, const struct packet *p);

// Ahead of the first packet: a window that is open, with key->hash set; where the key has one already they
// become one, or the one that was there a part of a window. 0 or -ENOMEM: the table is full.
int count_table_put(struct count_table *t, const struct flow_sum *sum, bool used);

// Worker, between bursts: a mark behind all windows that are done. One at a time.
static inline void count_table_mark(struct count_table *t) {
	ring_mark_set(&t->mark, &t->done);
}

// Worker: no packet comes any more: what is open goes to the exporter as a part of a window, for which it
// waits.
void count_table_flush(struct count_table *t);

// Exporter: takes up to `max` windows that are done, none behind a mark.
uint32_t count_table_take(struct count_table *t, struct flow_sum *to, uint32_t max);

// Exporter: whether everything ahead of a mark was taken; and goes on behind it.
static inline bool count_table_marked(const struct count_table *t) {
	return ring_mark_reached(&t->mark, &t->done);
}
static inline void count_table_pass(struct count_table *t) {
	ring_mark_pass(&t->mark);
}
