// Puts a word into a chain at a distance from what is there. Where it may overlap that, or where
// something is asked of the octets between, each distance is a branch of its own.

#include "stream_plan_chain.h"
#include "stream_plan_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The branches that a step makes, until they take the place of the old ones.
struct placing {
	struct plan_chain *chain;
	struct plan_word word;
	struct plan_branch *made;
	uint32_t n;
};

static int refuse_many(struct plan_chain *c) {
	return snort_refuse(
		c->fault, PLAN_LIMIT, "contents may overlap or follow in more than %u ways",
		PLAN_BRANCHES_MAX
	);
}

static int keep(struct placing *p, const struct plan_branch *b) {
	if (p->n == PLAN_BRANCHES_MAX)
		return refuse_many(p->chain);
	p->made[p->n++] = *b;
	return 0;
}

// The word's octets from `from` on, behind the branch's end, as far as what is asked of them lets.
// Returns 1, 0 (it does not) or -ENOMEM.
static int append(struct placing *p, struct plan_branch *b, uint32_t from) {
	uint32_t n = p->word.len - from;
	if (b->ahead.most != PLAN_OPEN && n > b->ahead.most)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		struct octet_set set = octet_set_and(
			p->word.cells[from + i], plan_ahead_at(&b->ahead, i)
		);
		if (octet_set_is_empty(set))
			return 0;
		int ret = plan_branch_add_set(b, p->chain->arena, set, 1, 1);
		if (ret < 0)
			return ret;
	}
	plan_ahead_advance(&b->ahead, n);
	return 1;
}

// Begins `depth` octets ahead of the branch's end, at least 1.
static int overlap(struct placing *p, struct plan_branch b, uint32_t depth) {
	int ret = plan_branch_overlay(&b, p->chain->arena, depth, p->word);
	if (ret == -ERANGE)
		return snort_refuse(
			p->chain->fault, PLAN_REACH,
			"a negative distance reaches back over octets that may be any"
		);
	if (ret == 1 && depth < p->word.len)
		ret = append(p, &b, depth);
	if (ret <= 0)
		return ret;
	b.back = depth > p->word.len ? depth - p->word.len : 0;
	return keep(p, &b);
}

// Begins `gap` octets behind the branch's end.
static int follow(struct placing *p, struct plan_branch b, uint32_t gap) {
	for (uint32_t i = 0; i < gap; i++) {
		struct octet_set set = plan_ahead_at(&b.ahead, i);
		if (octet_set_is_empty(set))
			return 0;
		int ret = plan_branch_add_set(&b, p->chain->arena, set, 1, 1);
		if (ret < 0)
			return ret;
	}
	plan_ahead_advance(&b.ahead, gap);
	int ret = append(p, &b, 0);
	return ret <= 0 ? ret : keep(p, &b);
}

// The same for lo to hi (PLAN_FAR: and more) at once, where nothing but `rest` is asked of octets
// from `lo` on.
static int follow_far(struct placing *p, struct plan_branch b, int64_t lo, int64_t hi) {
	struct snort_arena *arena = p->chain->arena;
	uint32_t past = 0;
	for (uint32_t i = 0; i < b.ahead.n_runs; i++) {
		const struct plan_run *run = &b.ahead.runs[i];
		if (octet_set_is_empty(run->set))
			return 0;
		int ret = plan_branch_add_set(&b, arena, run->set, run->n, run->n);
		if (ret < 0)
			return ret;
		past += run->n;
	}
	plan_ahead_advance(&b.ahead, past);
	if (octet_set_is_empty(b.ahead.rest))
		return 0;
	lo -= past;
	hi = hi == PLAN_FAR ? PLAN_OPEN : hi - past;
	int ret = plan_branch_add_set(&b, arena, b.ahead.rest, (uint32_t)lo, (uint32_t)hi);
	b.ahead.need -= b.ahead.need < lo ? b.ahead.need : (uint32_t)lo;
	if (ret == 0)
		ret = append(p, &b, 0);
	return ret <= 0 ? ret : keep(p, &b);
}

static int place_behind(struct placing *p, const struct plan_branch *b, int64_t lo, int64_t hi) {
	const struct plan_ahead *a = &b->ahead;
	int64_t plain = plan_ahead_extent(a); // from here on all distances are alike
	if (a->need > plain && a->need > lo + p->word.len)
		plain = a->need;
	if (a->most != PLAN_OPEN) {
		if (hi == PLAN_FAR || hi > (int64_t)a->most - p->word.len)
			hi = (int64_t)a->most - p->word.len;
		plain = hi + 1;
	}
	int64_t last = hi == PLAN_FAR || hi >= plain ? plain - 1 : hi;
	if (last - lo >= PLAN_BRANCHES_MAX)
		return snort_refuse(
			p->chain->fault, PLAN_NEGATED,
			"what is asked of the next %lld octets is more than can be combined with "
			"another content among them",
			(long long)(last + 1)
		);
	for (; lo <= last; lo++) {
		int ret = follow(p, *b, (uint32_t)lo);
		if (ret < 0)
			return ret;
	}
	return lo > hi ? 0 : follow_far(p, *b, lo, hi);
}

static int place_in(struct placing *p, const struct plan_branch *b, int64_t lo, int64_t hi) {
	lo -= b->back;
	if (hi != PLAN_FAR)
		hi -= b->back;
	// Ahead of the stream's start there is nothing to be tried.
	if (b->root == PLAN_ROOT_START && lo < -(int64_t)b->cells)
		lo = -(int64_t)b->cells;
	if (lo < -(int64_t)PLAN_BRANCHES_MAX * 4 && b->root == PLAN_ROOT_ANYWHERE)
		return refuse_many(p->chain);
	for (; lo < 0 && lo <= hi; lo++) {
		int ret = overlap(p, *b, (uint32_t)-lo);
		if (ret < 0)
			return ret;
	}
	return lo > hi ? 0 : place_behind(p, b, lo, hi);
}

// Decides where `need` is told: nowhere, where the word alone is long enough.
static int place_need(struct plan_chain *c, struct plan_word word, int64_t lo, int64_t hi) {
	bool idle = true;
	if (c->need == 0 || lo + word.len >= c->need) {
		c->need = 0;
		return 0;
	}
	for (uint32_t i = 0; i < c->n; i++)
		idle = idle && plan_ahead_is_idle(&c->branches[i].ahead)
			&& c->branches[i].ahead.need == 0;
	if (idle && hi == PLAN_FAR)
		return plan_chain_split(c);
	plan_chain_push_need(c);
	return 0;
}

int plan_chain_place(struct plan_chain *c, struct plan_word word, int64_t lo, int64_t hi) {
	struct placing p = {.chain = c, .word = word};
	int ret = plan_chain_settle(c);
	if (ret == 0)
		ret = place_need(c, word, lo, hi);
	if (ret < 0)
		return ret;
	p.made = calloc(PLAN_BRANCHES_MAX, sizeof(*p.made));
	if (p.made == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; ret == 0 && i < c->n; i++)
		ret = place_in(&p, &c->branches[i], lo, hi);
	if (ret == 0 && p.n == 0)
		ret = snort_refuse(c->fault, PLAN_NEVER, "contents that contradict one another");
	memcpy(c->branches, p.made, p.n * sizeof(*p.made));
	c->n = p.n;
	free(p.made);
	return ret;
}
