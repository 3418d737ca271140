// The N largest keys of a window, exactly: a heap of those that are among them so far, the least of which has
// to go first. What is equal is told apart by the key, so that the order depends on nothing else.
#pragma once

#include "base/field.h"
#include "flow/sums.h"

#include <stdbool.h>
#include <stdint.h>

// No more; a key takes RANK_OCTETS.
#define RANKING_MAX 1000000
#define RANK_OCTETS 16

enum ranking_by {
	RANKING_BYTES,
	RANKING_PACKETS,
	RANKING_MATCHES,
};

struct ranking_config {
	uint32_t top; // at most RANKING_MAX; 0: all keys, in no order
	enum ranking_by by; // of both directions
	uint8_t order[FIELD_COUNT]; // enum field: the key's, the first one first
	uint32_t n_order;
};

#define RANK_NONE UINT32_MAX

// A record, by the places of its sums in a table.
struct rank {
	uint64_t value;
	uint32_t sum; // whose key is the record's
	uint32_t other; // RANK_NONE: it has one direction only
};

// One window's at a time. One thread.
struct ranking {
	struct ranking_config conf;
	const struct sums *from; // borrowed
	struct rank *rank; // room for conf.top; owned
	uint32_t n;
};

// 0 or -ENOMEM. Memory is touched as it is used. Free with ranking_fini, also when all zero.
int ranking_init(struct ranking *r, const struct ranking_config *conf);
void ranking_fini(struct ranking *r);

// Begins with a window, whose sums must stay as they are.
void ranking_begin(struct ranking *r, const struct sums *from);

// A record of it: its first sum, and the other direction's or RANK_NONE. False: nobody has to go; else
// `left` is who is not among the largest, this one or another.
bool ranking_offer(struct ranking *r, uint32_t sum, uint32_t other, struct rank *left);

// All were offered: r->rank[0] becomes the largest of r->n, and so on.
void ranking_sort(struct ranking *r);
