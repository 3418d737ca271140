// The flow table of one pane: find or insert a row by key, never moved, never removed. Rows lie in
// order of insertion in lines of 64 octets; an index of 64-octet buckets finds them by an 8-bit tag.
// Emptying costs nothing, and neither does using only a part of the index, which is what keeps few
// flows in few cache lines: buckets carry the generation they were written in.
#pragma once

#include "base/mem.h"
#include "flow/row.h"

#include <stdbool.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define FLOW_BUCKET_SLOTS 12

// A table is full, for handing over, after this many packets: no 32-bit counter can wrap.
#define FLOW_TABLE_PACKETS_MAX (1u << 31)

struct flow_bucket {
	uint32_t generation; // of the table when it was last written; else it counts as empty
	uint8_t tag[FLOW_BUCKET_SLOTS]; // 0: free
	uint32_t line[FLOW_BUCKET_SLOTS]; // the row's first line
};
static_assert(sizeof(struct flow_bucket) == CACHE_LINE);
static_assert(offsetof(struct flow_bucket, tag) == 4);

struct flow_table {
	struct flow_row *rows; // lines of 64 octets; an IPv6 row's second line holds its addresses
	struct flow_bucket *buckets;
	uint32_t bucket_mask; // of the part of the index in use
	uint32_t limit; // rows that this part is good for: beyond, the table is full
	uint32_t buckets_all; // power of two
	uint32_t lines; // capacity
	uint32_t used; // lines
	uint32_t flows; // rows
	uint32_t generation;
	const struct mem *mem;
};

// A table for `rows` IPv4 rows (half as many IPv6). Memory is touched as it is used. 0 or -ENOMEM.
int flow_table_init(struct flow_table *t, uint32_t rows, const struct mem *mem);
// What such a table reserves.
uint64_t flow_table_octets(uint32_t rows);
void flow_table_fini(struct flow_table *t);

// Forgets all rows. Owner only.
void flow_table_reset(struct flow_table *t);

// Chooses how much of the index an empty table uses: enough for `rows`, at least
// FLOW_TABLE_ROWS_MIN, at most all of it.
void flow_table_size(struct flow_table *t, uint32_t rows);

// No other table can be had: this one takes more rows than its index is made for, at the price of
// longer searches. Returns whether that made room.
bool flow_table_stretch(struct flow_table *t);

// Rows that the smallest index is good for.
#define FLOW_TABLE_ROWS_MIN 4096

static inline uint8_t flow_bucket_tag(uint32_t hash) {
	// The low bits choose the bucket; 0 is kept for free slots.
	uint8_t tag = (uint8_t)(hash >> 24);
	return (uint8_t)(tag + (tag == 0));
}

// Bit i is set where slot i carries the tag.
static inline uint32_t flow_bucket_match(const struct flow_bucket *b, uint8_t tag) {
#if defined(__SSE2__)
	// Loads generation and tags in one go; the generation's four octets are shifted out.
	__m128i v = _mm_load_si128((const __m128i *)b);
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)tag))) >> 4;
#else
	uint32_t m = 0;
	for (int i = 0; i < FLOW_BUCKET_SLOTS; i++)
		m |= (uint32_t)(b->tag[i] == tag) << i;
	return m;
#endif
}

static inline struct flow_bucket *flow_table_bucket(const struct flow_table *t, uint32_t hash) {
	return &t->buckets[hash & t->bucket_mask];
}

// The row of a masked key (flow_key_finish); inserted with zero counters if it was not there. NULL:
// the table is full.
struct flow_row *flow_table_find_insert(struct flow_table *t, const struct flow_key *key);

// The first row in the hash's bucket whose tag agrees with `hash`, unverified: what to prefetch. NULL:
// none. `rows` and `generation` are the table's, for loops that keep them.
static inline struct flow_row *flow_bucket_candidate(
	const struct flow_bucket *b, struct flow_row *rows, uint32_t generation, uint32_t hash
) {
	uint32_t m = flow_bucket_match(b, flow_bucket_tag(hash));
	if (UNLIKELY(b->generation != generation || m == 0))
		return NULL;
	return &rows[b->line[__builtin_ctz(m)]];
}

static inline struct flow_row *flow_table_candidate(const struct flow_table *t, uint32_t hash) {
	return flow_bucket_candidate(flow_table_bucket(t, hash), t->rows, t->generation, hash);
}

// Whether a row is this key's.
static inline bool flow_row_is(const struct flow_row *row, const struct flow_key *key) {
	return flow_key_head_equal(row->head, key)
		&& (LIKELY(!(key->flags & KEY_V6)) || memcmp(row + 1, key->src6, 32) == 0);
}

// Walks all rows: *line starts at 0. Fills `key` (hash 0). NULL after the last.
const struct flow_row *
flow_table_next(const struct flow_table *t, uint32_t *line, struct flow_key *key);

static inline void flow_row_key(const struct flow_row *row, struct flow_key *key) {
	memcpy(key, row->head, FLOW_KEY_HEAD);
	key->hash = 0;
	if (key->flags & KEY_V6)
		memcpy(key->src6, row + 1, 32);
	else
		memset(key->src6, 0, 32);
}
