// Sessions and flows: slices as wide as panes, taken in one after the other once they are complete. A row's
// packets lie so near each other that none of them begins anything new, and rows come in order of time, so
// that for each key one open sum is all there is to remember.

#include "flow/window_kind.h"

// At most so many come out of one sum that is taken in: what it ended, and what had to make room.
#define OUT_OF_ONE 2

static void give(struct window_set *ws, const struct flow_sum *sum, enum flow_end reason) {
	struct flow_sum *to = &ws->batch[ws->out.n++];
	*to = *sum;
	to->reason = (uint8_t)reason;
	// What came at most a gap behind the start may have begun ahead of it.
	to->partial = sum->first_us < ws->conf.live_start_us + ws->gap_us;
}

static void end_open(struct window_set *ws, const struct flow_sum *open, enum flow_end reason) {
	give(ws, open, reason);
	carry_remove(&ws->carry, open);
}

// Ends what nothing can join any more that comes at `until_us` or later. Timers are set when a sum is
// opened and may be early for what has joined it since; they are never late.
static void end_due(struct window_set *ws, int64_t until_us, bool forced) {
	struct flow_sum *first;
	while (ws->out.n < WINDOW_BATCH && (first = carry_first(&ws->carry)) != NULL
	       && carry_due(&ws->carry, first) <= until_us) {
		int64_t due_us = ws->ops->due(&ws->conf, first);
		if (due_us > until_us)
			carry_arm(&ws->carry, first, due_us);
		else
			end_open(
				ws, first,
				forced ? FLOW_END_FORCED : ws->ops->reason(&ws->conf, first)
			);
	}
}

// The one that would be due first makes room.
static void evict(struct window_set *ws) {
	struct flow_sum *first;
	while ((first = carry_first(&ws->carry)) != NULL) {
		int64_t due_us = ws->ops->due(&ws->conf, first);
		if (due_us > carry_due(&ws->carry, first)) {
			carry_arm(&ws->carry, first, due_us);
			continue;
		}
		end_open(ws, first, FLOW_END_RESOURCES);
		ws->evicted++;
		return;
	}
}

static void take_in(struct window_set *ws, const struct flow_sum *sum) {
	struct carry *c = &ws->carry;
	struct flow_sum *open = carry_find(c, &sum->key, sum->rule);
	// Behind only where memory made slices come early.
	bool apart = open != NULL
		&& (sum->first_us - open->last_us > ws->gap_us
		    || open->first_us - sum->last_us > ws->gap_us);
	if (apart) {
		end_open(ws, open, ws->ops->reason(&ws->conf, open));
		open = NULL;
	}
	if (open != NULL) {
		flow_sum_merge(open, sum);
		int64_t due_us = ws->ops->due(&ws->conf, open);
		if (due_us < carry_due(c, open))
			carry_arm(c, open, due_us);
		return;
	}
	int64_t due_us = ws->ops->due(&ws->conf, sum);
	if (carry_add(c, sum, due_us) != NULL)
		return;
	evict(ws);
	if (carry_add(c, sum, due_us) == NULL) {
		give(ws, sum, FLOW_END_RESOURCES);
		ws->evicted++;
	}
}

// Takes in what is left of the slice. Returns whether that was all of it.
static bool take_given(struct window_set *ws) {
	const struct slice *s = ws->given;
	bool rest = s->rest.packets > 0 || s->rest.matches > 0;
	for (uint32_t n = s->sums.n + rest; ws->taken < n; ws->taken++) {
		if (ws->out.n + OUT_OF_ONE > WINDOW_BATCH)
			return false;
		take_in(ws, ws->taken < s->sums.n ? &s->sums.sum[ws->taken] : &s->rest);
	}
	slice_free(ws->given);
	ws->given = NULL;
	return true;
}

const struct window_out *window_carry_close(struct window_set *ws, int64_t horizon_us) {
	int64_t tail_us = ws->conf.kind == WINDOW_SESSION ? ws->gap_us : 1;
	ws->out = (struct window_out){.tail_us = tail_us, .sum = ws->batch};
	while (ws->given == NULL || take_given(ws)) {
		const struct slice *next = slices_oldest(&ws->slices);
		int64_t until_us = horizon_us;
		if (next != NULL && next->start_us < horizon_us)
			until_us = next->start_us;
		end_due(ws, until_us, ws->cut && next == NULL && horizon_us == INT64_MAX);
		if (ws->out.n == WINDOW_BATCH || next == NULL || next->end_us > horizon_us)
			break;
		ws->given = slices_take(&ws->slices);
		ws->taken = 0;
	}
	return ws->out.n > 0 ? &ws->out : NULL;
}
