// A pane's match events, for streams that have `rule` in their key: one row for each rule and flow key,
// beside the pane's table of flows and handed over with it. Of fixed size; what finds no room is one
// row more.
#pragma once

#include "base/key_cut.h"
#include "base/mem.h"
#include "base/rule_info.h"
#include "flow/sums.h"
#include "packet/packet.h"

#include <stdbool.h>

// Rows of a pane: what some thousand flows bring with some rules each. More of them cost hand-overs.
#define RULE_ROWS 65536

struct rule_rows_config {
	uint32_t rows; // of a pane, rounded up to a power of two; 0: nobody asks, there are none
	uint32_t fields; // FIELD_BIT()s of the finest key that streams with `rule` need
	struct key_cut cut; // of the same
	struct hash_seed seed;
};

struct rule_rows {
	struct sums sums; // `matches` of each: events
	struct flow_key mask;
	struct hash_seed seed;
	struct flow_sum rest; // events that found no room
	const struct mem *mem;
};

// `rows` of this pane, at least 1; conf->rows does not count. Memory is touched as it is used. 0 or -ENOMEM.
// Free with rule_rows_fini, also when all zero.
int rule_rows_init(
	struct rule_rows *r, const struct rule_rows_config *conf, uint32_t rows,
	const struct mem *mem
);
void rule_rows_fini(struct rule_rows *r);

// Forgets all rows. Owner only.
void rule_rows_clear(struct rule_rows *r);

// Owner: counts one event: that `rule` matched in `p`, or in what `p` made complete. `key` is the packet's
// with every field, nothing masked. The packet is counted in the rows' pane: not late, not given up.
void rule_rows_count(
	struct rule_rows *r, const struct flow_key *key, const struct rule_info *rule,
	const struct packet *p
);

static inline bool rule_rows_any(const struct rule_rows *r) {
	return r->sums.n > 0 || flow_sum_any(&r->rest);
}

// Time for another pane: what is left must do for the events of the next burst.
static inline bool rule_rows_crowded(const struct rule_rows *r) {
	return r->sums.n > r->sums.capacity / 2;
}
