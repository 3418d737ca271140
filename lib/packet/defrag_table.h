// The datagrams that are being put together: found by hash, kept in the order of their beginning, their
// octets in pages. Where something is needed and not there, the oldest is given up. Internal to defrag.
#pragma once

#include "base/hash.h"
#include "base/state_sweep.h"
#include "packet/defrag.h"
#include "packet/defrag_find.h"
#include "packet/defrag_pages.h"

#define DEFRAG_HEADER_MAX 40

// One of them, or a free entry.
struct defrag_entry {
	struct defrag_id id;
	int64_t since_us; // when its first fragment came
	uint32_t next; // in its bucket, or of the free ones
	uint32_t older, newer;
	uint32_t end; // the datagram's length; 0: not known yet
	uint32_t fragments;
	bool begins; // `header` and `proto` are those of the fragment that the datagram begins with
	bool conflict;
	uint8_t proto;
	uint8_t header[DEFRAG_HEADER_MAX]; // its IP header, as far as it is kept
	struct defrag_octets octets;
};

// Entries have numbers from 1 on; 0 is none.
struct defrag_table {
	struct defrag_entry *entry; // owned, out of `mem`
	uint32_t *bucket; // owned, out of `mem`
	uint32_t mask; // buckets - 1
	uint32_t n;
	uint32_t fresh; // entries from here on were never used
	uint32_t free; // the first free one of the others
	uint32_t oldest, newest;
	const struct mem *mem; // borrowed
	struct hash_seed seed;
	struct defrag_pool pool;
	struct defrag_stats stats;
	struct state_sweep sweep; // over the buckets
};

// 0 or -ENOMEM. Free with _fini in either case.
int defrag_table_init(
	struct defrag_table *t, uint32_t datagrams, uint64_t memory, const struct hash_seed *seed,
	const struct mem *mem
);
void defrag_table_fini(struct defrag_table *t);

static inline struct defrag_entry *defrag_table_at(const struct defrag_table *t, uint32_t number) {
	return &t->entry[number - 1];
}

// The datagram's number; of a new one where there is none whose time is not over.
uint32_t defrag_table_begin(struct defrag_table *t, const struct defrag_id *id, int64_t now_us);

// The sweep's.
state_sweep_save defrag_table_save;

// Puts a datagram that began at `since_us` into its place in the row. It must not be there; there is a free
// entry.
uint32_t defrag_table_insert(struct defrag_table *t, const struct defrag_id *id, int64_t since_us);

// The number of the datagram that is there, 0: none.
uint32_t defrag_table_find(const struct defrag_table *t, const struct defrag_id *id);

// Gives up others than `self`, the oldest first, until the pool has `wanted` pages; it would have them
// with nobody else there.
void defrag_table_make_room(
	struct defrag_table *t, const struct defrag_entry *self, uint32_t wanted, int64_t now_us
);

// Takes a datagram out. _give_up counts why, _drop leaves that to the caller.
void defrag_table_drop(struct defrag_table *t, uint32_t number);
void defrag_table_give_up(struct defrag_table *t, uint32_t number, enum defrag_given_up reason);

// Whether `then` is more than DEFRAG_LIFE_US older than `now`.
bool defrag_expired(int64_t then, int64_t now);
