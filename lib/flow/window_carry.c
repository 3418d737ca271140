// Sessions and flows: slices as wide as panes, taken in one after the other once they are complete. A row's
// packets lie so near each other that none of them begins anything new, and rows come in order of time, so
// that for each key one open sum is all there is to remember.

#include "flow/window_kind.h"

// At most so many come out of what is taken in at a time: what it ended, and for each direction what had to
// make room, what found none, and the rest where that ends.
#define OUT_OF_ONE 7

// A sum of one direction, and that of the other; each may be missing.
struct pair {
	struct flow_sum *sum, *other;
};

// What is open of the directions of `like`.
static struct pair find_open(const struct window_set *ws, const struct flow_sum *like) {
	return (struct pair){
		.sum = carry_find(&ws->carry, &like->key, like->rule),
		.other = biflow_other(&ws->biflow, &ws->carry.sums, like),
	};
}

// An open sum, and what is open of its other direction.
static struct pair pair_of(const struct window_set *ws, struct flow_sum *open) {
	return (struct pair){open, biflow_other(&ws->biflow, &ws->carry.sums, open)};
}

// `sum` of a pair in which one may be missing.
static struct pair turn(struct pair p) {
	return p.sum != NULL ? p : (struct pair){.sum = p.other};
}

static const struct flow_sum *
both(const struct window_set *ws, struct pair p, struct flow_sum *room) {
	p = turn(p);
	return biflow_both(&ws->biflow, p.sum, p.other, room);
}

static int64_t due_us(const struct window_set *ws, struct pair p) {
	struct flow_sum room;
	return ws->ops->due(&ws->conf, both(ws, p, &room));
}

static enum flow_end reason(const struct window_set *ws, struct pair p) {
	struct flow_sum room;
	return ws->ops->reason(&ws->conf, both(ws, p, &room));
}

// `sets`: whose the sets of the pair are.
static void
give(struct window_set *ws, const struct distinct *sets, struct pair p, enum flow_end reason) {
	struct flow_sum *to = &ws->batch[ws->out.n];
	p = turn(p);
	biflow_record(p.sum, p.other, to, &ws->batch_back[ws->out.n++]);
	to->reason = (uint8_t)reason;
	if (ws->conf.distinct != 0)
		distinct_tell(sets, to->distinct, to);
	// What came at most a gap behind the start may have begun ahead of it.
	to->partial = window_gap_cuts(
		&ws->gap, ws->conf.live_start_us, to->first_us - ws->gap_us,
		to->last_us + ws->gap_us
	);
}

static void end_open(struct window_set *ws, struct pair open, enum flow_end reason) {
	give(ws, &ws->distinct, open, reason);
	distinct_close(&ws->distinct, turn(open).sum->distinct);
	// The last one moves to the place of one that is removed: not the one that is still to be.
	struct flow_sum *behind = open.sum > open.other ? open.sum : open.other;
	struct flow_sum *ahead = open.sum > open.other ? open.other : open.sum;
	carry_remove(&ws->carry, behind);
	if (ahead != NULL)
		carry_remove(&ws->carry, ahead);
}

// Ends what nothing can join any more that comes at `until_us` or later. Timers are set when a sum is
// opened and may be early for what has joined it since; they are never late.
static void end_due(struct window_set *ws, int64_t until_us, bool forced) {
	struct flow_sum *first;
	while (ws->out.n < WINDOW_BATCH && (first = carry_first(&ws->carry)) != NULL
	       && carry_due(&ws->carry, first) <= until_us) {
		struct pair open = pair_of(ws, first);
		int64_t due = due_us(ws, open);
		if (due > until_us)
			carry_arm(&ws->carry, first, due);
		else
			end_open(ws, open, forced ? FLOW_END_FORCED : reason(ws, open));
	}
}

// The one that would be due first makes room.
static void evict(struct window_set *ws) {
	struct flow_sum *first;
	while ((first = carry_first(&ws->carry)) != NULL) {
		struct pair open = pair_of(ws, first);
		int64_t due = due_us(ws, open);
		if (due > carry_due(&ws->carry, first)) {
			carry_arm(&ws->carry, first, due);
			continue;
		}
		end_open(ws, open, FLOW_END_RESOURCES);
		ws->evicted++;
		return;
	}
}

// Adds the set of a slice's sum to that of an open one.
static void
join_distinct(struct window_set *ws, struct flow_sum *open, const struct flow_sum *sum) {
	if (sum->distinct_is == DISTINCT_LEAST)
		open->distinct_is = DISTINCT_LEAST;
	if (sum->distinct == 0)
		return;
	if (open->distinct == 0)
		open->distinct = distinct_open(&ws->distinct);
	if (open->distinct != 0)
		distinct_merge(&ws->distinct, open->distinct, &ws->given->distinct, sum->distinct);
	else
		open->distinct_is = DISTINCT_LEAST;
}

static void take_in(struct window_set *ws, struct pair in);

static void open_new(struct window_set *ws, struct flow_sum *sum, int64_t due) {
	struct flow_sum *open = carry_add(&ws->carry, sum, due);
	if (open == NULL && ws->conf.keep_open && !(sum->key.flags & KEY_REST)) {
		struct flow_sum rest = *sum;
		rest.key = (struct flow_key){.flags = KEY_REST};
		rest.rule = (struct rule_id){};
		rest.distinct = 0;
		rest.distinct_is = DISTINCT_NONE;
		take_in(ws, (struct pair){.sum = &rest});
		return;
	}
	if (open == NULL) {
		// For the rest to have a place one ends, once.
		evict(ws);
		open = carry_add(&ws->carry, sum, due);
	}
	if (open != NULL) {
		open->distinct = 0;
		join_distinct(ws, open, sum);
	} else {
		give(ws, &ws->given->distinct, (struct pair){.sum = sum}, FLOW_END_RESOURCES);
		ws->evicted++;
	}
}

// Whether a gap is between them. Behind only where memory made slices come early.
static bool apart(const struct window_set *ws, struct pair open, struct pair in) {
	struct flow_sum rooms[2];
	const struct flow_sum *a = both(ws, open, &rooms[0]), *b = both(ws, in, &rooms[1]);
	return b->first_us - a->last_us > ws->gap_us || a->first_us - b->last_us > ws->gap_us;
}

static void join(struct window_set *ws, struct flow_sum *open, const struct flow_sum *sum) {
	if (open == NULL || sum == NULL)
		return;
	flow_sum_merge(open, sum);
	join_distinct(ws, open, sum);
}

static void arm_earlier(struct window_set *ws, const struct flow_sum *open, int64_t due) {
	if (open != NULL && due < carry_due(&ws->carry, open))
		carry_arm(&ws->carry, open, due);
}

static void take_in(struct window_set *ws, struct pair in) {
	struct pair open = find_open(ws, in.sum);
	if ((open.sum != NULL || open.other != NULL) && apart(ws, open, in)) {
		end_open(ws, open, reason(ws, open));
		open = (struct pair){0};
	}
	join(ws, open.sum, in.sum);
	join(ws, open.other, in.other);
	int64_t due = due_us(
		ws,
		(struct pair){
			open.sum != NULL ? open.sum : in.sum,
			open.other != NULL ? open.other : in.other,
		}
	);
	arm_earlier(ws, open.sum, due);
	arm_earlier(ws, open.other, due);
	// Both were looked for: what opens one may move or end the other.
	if (open.sum == NULL)
		open_new(ws, in.sum, due);
	if (open.other == NULL && in.other != NULL)
		open_new(ws, in.other, due);
}

// Takes in what is left of the slice: both directions at once, or else one could seem to be a gap behind
// what the other keeps open. Returns whether that was all of it.
static bool take_given(struct window_set *ws) {
	struct slice *s = ws->given;
	bool rest = flow_sum_any(&s->rest);
	for (uint32_t n = s->sums.n + rest; ws->taken < n; ws->taken++) {
		if (ws->out.n + OUT_OF_ONE > WINDOW_BATCH)
			return false;
		struct flow_sum *sum = ws->taken < s->sums.n ? &s->sums.sum[ws->taken] : &s->rest;
		struct flow_sum *other = biflow_other(&ws->biflow, &s->sums, sum);
		if (other == NULL || biflow_side(&sum->key) < 0)
			take_in(ws, (struct pair){sum, other});
	}
	slices_give_back(&ws->slices, ws->given);
	ws->given = NULL;
	return true;
}

const struct window_out *window_carry_close(struct window_set *ws, int64_t horizon_us) {
	int64_t tail_us = ws->conf.kind == WINDOW_SESSION ? ws->gap_us : 1;
	ws->out = (struct window_out){
		.tail_us = tail_us,
		.sum = ws->batch,
		.back = ws->conf.biflow ? ws->batch_back : NULL,
	};
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
