// The flows of a table in fixed memory: found by tuple, chained where their hashes meet, in a list for
// each age. One thread.
#pragma once

#include "base/hash.h"
#include "base/mem.h"
#include "match/tcp/tcp_flow.h"

#include <stdint.h>

struct tcp_index {
	struct tcp_flow *flow; // [0] is none
	uint32_t *bucket; // first flow of the chain
	uint32_t mask; // buckets - 1
	uint32_t flows_max;
	uint32_t flows;
	uint32_t fresh; // flows from here on were never used
	uint32_t unused; // chain of those that came back
	struct tcp_list age[TCP_AGES];
	struct tcp_list hold;
	struct hash_seed seed;
	const struct mem *mem;
};

// 0 or -ENOMEM.
int tcp_index_init(
	struct tcp_index *x, uint32_t flows_max, const struct hash_seed *seed, const struct mem *mem
);
void tcp_index_fini(struct tcp_index *x);

static inline struct tcp_flow *tcp_index_at(const struct tcp_index *x, uint32_t i) {
	return i != 0 ? &x->flow[i] : NULL;
}

// The bucket of tuples with this flow_tuple_hash.
static inline uint32_t *tcp_index_bucket(const struct tcp_index *x, uint64_t hash) {
	return &x->bucket[(uint32_t)(hash >> 32) & x->mask];
}

static inline uint32_t *tcp_index_bucket_of(const struct tcp_index *x, const struct flow_tuple *t) {
	return tcp_index_bucket(x, flow_tuple_hash(t, &x->seed));
}

// The flow of a tuple, NULL if there is none.
static inline struct tcp_flow *
tcp_index_find(const struct tcp_index *x, const uint32_t *bucket, const struct flow_tuple *t) {
	for (uint32_t i = *bucket; i != 0; i = x->flow[i].chain) {
		if (flow_tuple_equal(&x->flow[i].tuple, t))
			return &x->flow[i];
	}
	return NULL;
}

// A zeroed flow of that tuple, in no list. There must be room: flows < flows_max.
struct tcp_flow *
tcp_index_insert(struct tcp_index *x, uint32_t *bucket, const struct flow_tuple *t);

// Out of its chain; its lists must be left.
void tcp_index_remove(struct tcp_index *x, struct tcp_flow *f);

void tcp_index_append(
	struct tcp_index *x, struct tcp_list *list, enum tcp_flow_list which, struct tcp_flow *f
);
void tcp_index_unlink(
	struct tcp_index *x, struct tcp_list *list, enum tcp_flow_list which, struct tcp_flow *f
);
