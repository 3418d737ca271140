// The flow table: bucketed index over rows laid down in order. A bucket that is full spills into the
// ones behind it; nothing is ever removed, so a search may end at the first bucket with a free slot.

#include "table.h"

#include <errno.h>

// Average fill of a bucket when the table is full: two thirds, one bucket in twenty spills.
#define FILL 8

static uint32_t buckets_for(uint32_t rows) {
	uint32_t buckets = 1;
	while ((uint64_t)buckets * FILL < rows)
		buckets <<= 1;
	return buckets;
}

uint64_t flow_table_octets(uint32_t rows) {
	return (uint64_t)rows * sizeof(struct flow_row)
		+ (uint64_t)buckets_for(rows) * sizeof(struct flow_bucket);
}

int flow_table_init(struct flow_table *t, uint32_t rows, const struct mem *mem) {
	memset(t, 0, sizeof(*t));
	uint32_t buckets = buckets_for(rows);
	t->mem = mem;
	t->lines = rows;
	t->buckets_all = buckets;
	t->rows = mem->alloc(mem, (size_t)rows * sizeof(*t->rows));
	t->buckets = mem->alloc(mem, (size_t)buckets * sizeof(*t->buckets));
	t->generation = 1;
	if (t->rows == NULL || t->buckets == NULL) {
		flow_table_fini(t);
		return -ENOMEM;
	}
	flow_table_size(t, rows);
	return 0;
}

void flow_table_size(struct flow_table *t, uint32_t rows) {
	uint32_t buckets = FLOW_TABLE_ROWS_MIN / FILL;
	while (buckets < t->buckets_all && (uint64_t)buckets * FILL < rows)
		buckets <<= 1;
	if (buckets >= t->buckets_all) {
		buckets = t->buckets_all;
		t->limit = t->lines;
	} else {
		t->limit = buckets * FILL;
	}
	t->bucket_mask = buckets - 1;
}

bool flow_table_stretch(struct flow_table *t) {
	uint64_t most = (uint64_t)(t->bucket_mask + 1) * (FLOW_BUCKET_SLOTS - 1);
	most = most < t->lines ? most : t->lines;
	if (t->limit >= most)
		return false;
	t->limit = (uint32_t)most;
	return t->used < t->lines;
}

void flow_table_fini(struct flow_table *t) {
	if (t->rows != NULL)
		t->mem->free(t->mem, t->rows, (size_t)t->lines * sizeof(*t->rows));
	if (t->buckets != NULL)
		t->mem->free(t->mem, t->buckets, (size_t)t->buckets_all * sizeof(*t->buckets));
	t->rows = NULL;
	t->buckets = NULL;
}

void flow_table_reset(struct flow_table *t) {
	t->used = 0;
	t->flows = 0;
	if (++t->generation == 0) {
		// After 2^32 panes an old bucket could pass for a new one.
		memset(t->buckets, 0, (size_t)t->buckets_all * sizeof(*t->buckets));
		t->generation = 1;
	}
}

static struct flow_row *
insert(struct flow_table *t, struct flow_bucket *b, const struct flow_key *key) {
	uint32_t need = key->flags & KEY_V6 ? 2 : 1;
	if (t->lines - t->used < need || t->flows >= t->limit)
		return NULL;
	uint32_t slot = (uint32_t)__builtin_ctz(flow_bucket_match(b, 0));
	struct flow_row *row = &t->rows[t->used];
	memset(row, 0, sizeof(*row));
	memcpy(row->head, key, FLOW_KEY_HEAD);
	row->first_us = FLOW_ROW_EMPTY_FIRST;
	if (need == 2)
		memcpy(row + 1, key->src6, 32);
	b->tag[slot] = flow_bucket_tag(key->hash);
	b->line[slot] = t->used;
	t->used += need;
	t->flows++;
	return row;
}

struct flow_row *flow_table_find_insert(struct flow_table *t, const struct flow_key *key) {
	uint8_t tag = flow_bucket_tag(key->hash);
	// There are more slots than rows: a free one is always found.
	for (uint32_t i = key->hash;; i++) {
		struct flow_bucket *b = &t->buckets[i & t->bucket_mask];
		if (b->generation != t->generation) {
			memset(b, 0, sizeof(*b));
			b->generation = t->generation;
		}
		for (uint32_t m = flow_bucket_match(b, tag); m != 0; m &= m - 1) {
			struct flow_row *row = &t->rows[b->line[__builtin_ctz(m)]];
			if (LIKELY(flow_row_is(row, key)))
				return row;
		}
		if (flow_bucket_match(b, 0) != 0)
			return insert(t, b, key);
	}
}

const struct flow_row *
flow_table_next(const struct flow_table *t, uint32_t *line, struct flow_key *key) {
	if (*line >= t->used)
		return NULL;
	const struct flow_row *row = &t->rows[*line];
	flow_row_key(row, key);
	*line += key->flags & KEY_V6 ? 2 : 1;
	return row;
}
