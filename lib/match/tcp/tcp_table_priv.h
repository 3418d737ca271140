// The table from inside: what its packet path and its ageing share.
#pragma once

#include "base/state_sweep.h"
#include "match/tcp/tcp_index.h"
#include "match/tcp/tcp_table.h"
#include "match/tcp/tcp_work.h"

#include <stdbool.h>
#include <stdint.h>

struct tcp_table {
	struct tcp_work work;
	struct tcp_index index;
	struct tcp_delivery out; // of the packet
	struct tcp_span *span;
	struct tcp_delivery aside; // for the hook
	struct tcp_span *aside_span;
	struct tcp_table_config conf;
	struct state_sweep sweep; // over the index's buckets
	struct tcp_loading *loading; // owned; NULL: nothing is being loaded
};

// The sweep's.
state_sweep_save tcp_table_save;

// Ahead of any change to a flow of the bucket.
static inline void tcp_table_change(struct tcp_table *t, const uint32_t *bucket) {
	state_sweep_change(&t->sweep, tcp_table_save, t, (uint32_t)(bucket - t->index.bucket));
}

// Loading ends here, if anything is being loaded: every flow is one that may be closed.
void tcp_table_load_leave(struct tcp_table *t);

static inline uint64_t tcp_age_us(int64_t now, int64_t then) {
	return now > then ? (uint64_t)now - (uint64_t)then : 0;
}

// How long a flow of this age may be silent.
static inline uint64_t tcp_table_timeout_us(const struct tcp_table *t, uint8_t age) {
	switch (age) {
	case TCP_AGE_DONE:
		return (uint64_t)t->conf.done_us;
	case TCP_AGE_YOUNG:
		return (uint64_t)t->conf.young_us;
	default:
		return (uint64_t)t->conf.idle_us;
	}
}

// Begins a delivery into `out`: the table's own, or `aside`.
static inline void
tcp_table_begin(struct tcp_table *t, struct tcp_delivery *out, struct tcp_flow *f, uint32_t dir) {
	struct tcp_span *span = out == &t->out ? t->span : t->aside_span;
	*out = (struct tcp_delivery){.flow = f, .span = span, .dir = (uint8_t)dir};
	t->work.out = out;
	t->work.span = span;
}

// Gives back the blocks of the delivery before.
static inline void tcp_table_give_back(struct tcp_table *t) {
	if (LIKELY(t->work.done == 0))
		return;
	tcp_pool_give(&t->work.pool, t->work.done);
	t->work.done = 0;
}

// Delivers all that a flow holds, through the hook.
void tcp_table_flush(struct tcp_table *t, struct tcp_flow *f, enum tcp_gap why);

void tcp_table_close(struct tcp_table *t, struct tcp_flow *f, enum tcp_close why);

// Closes a flow that has been silent for too long. Returns whether it had.
bool tcp_table_expire(struct tcp_table *t, struct tcp_flow *f, int64_t now_us);

// Puts a new flow, or one in a list, to the end of the list of this age.
void tcp_table_queue(struct tcp_table *t, struct tcp_flow *f, uint8_t age, int64_t now_us);
void tcp_table_requeue(struct tcp_table *t, struct tcp_flow *f, uint8_t age, int64_t now_us);

// Closes a flow to make room for one more. Returns whether there was one to close.
bool tcp_table_evict(struct tcp_table *t, int64_t now_us);
