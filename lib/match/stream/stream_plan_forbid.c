// Keeps a word away from a part of the stream: a single octet by what may stand there, a longer
// one, place by place, by the first octet in which the stream differs from it.

#include "stream_plan_chain.h"
#include "stream_plan_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int refuse_many(struct plan_chain *c) {
	return snort_refuse(
		c->fault, PLAN_NEGATED,
		"a negated content of several octets that may stand at many places"
	);
}

// Octets from..to behind what the branch is counted from (to: PLAN_FAR) are of the set, if they are
// there. Returns 1, 0 (they cannot be) or as plan_chain_forbid.
static int restrict_range(
	struct plan_chain *c, struct plan_branch *b, int64_t from, int64_t to, struct octet_set set
) {
	struct plan_word word = {.cells = &set, .len = 1};
	from -= b->back;
	if (to != PLAN_FAR)
		to -= b->back;
	if (b->root == PLAN_ROOT_START && from < -(int64_t)b->cells)
		from = -(int64_t)b->cells;
	if (from < -(int64_t)b->cells)
		return snort_refuse(
			c->fault, PLAN_REACH,
			"a negative distance reaches back over octets that may be any"
		);
	for (; from < 0 && from <= to; from++) {
		int ret = plan_branch_overlay(b, c->arena, (uint32_t)-from, word);
		if (ret <= 0)
			return ret;
	}
	uint32_t n = to == PLAN_FAR ? PLAN_OPEN : (uint32_t)(to - from + 1);
	if (from <= to && !plan_ahead_restrict(&b->ahead, (uint32_t)from, n, set))
		return snort_refuse(
			c->fault, PLAN_NEGATED, "too many negated contents one behind the other"
		);
	return 1;
}

// The branch with the word's first `same` octets at `at` and another behind them, or the end.
static int
differ(struct plan_chain *c, struct plan_branch *b, struct plan_word word, int64_t at,
       uint32_t same) {
	for (uint32_t i = 0; i <= same; i++) {
		struct octet_set set = i < same ? word.cells[i] : octet_set_not(word.cells[i]);
		int ret = restrict_range(c, b, at + i, at + i, set);
		if (ret <= 0)
			return ret;
	}
	int64_t there = at + same - b->back; // behind the end
	if (same > 0 && there > (int64_t)b->ahead.need)
		b->ahead.need = (uint32_t)there;
	return 1;
}

// The word is not at this one place.
static int forbid_at(struct plan_chain *c, struct plan_word word, int64_t at) {
	uint32_t n = 0;
	int ret = 0;
	struct plan_branch *made = calloc(PLAN_BRANCHES_MAX, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; ret == 0 && i < c->n; i++) {
		// A place ahead of the stream's start is none.
		const struct plan_branch *old = &c->branches[i];
		bool outside = old->root == PLAN_ROOT_START
			&& at - old->back < -(int64_t)old->cells;
		for (uint32_t same = 0; ret >= 0 && same < (outside ? 1 : word.len); same++) {
			struct plan_branch b = *old;
			ret = outside ? 1 : differ(c, &b, word, at, same);
			if (ret == 1 && n == PLAN_BRANCHES_MAX)
				ret = refuse_many(c);
			if (ret == 1)
				made[n++] = b;
		}
		ret = ret < 0 ? ret : 0;
	}
	memcpy(c->branches, made, n * sizeof(*made));
	c->n = n;
	free(made);
	return ret;
}

static int forbid_octet(struct plan_chain *c, struct octet_set octet, int64_t lo, int64_t hi) {
	uint32_t kept = 0;
	for (uint32_t i = 0; i < c->n; i++) {
		struct plan_branch *b = &c->branches[i];
		int ret = restrict_range(c, b, lo, hi, octet_set_not(octet));
		if (ret < 0)
			return ret;
		if (ret == 1)
			c->branches[kept++] = *b;
	}
	c->n = kept;
	return 0;
}

int plan_chain_forbid(struct plan_chain *c, struct plan_word word, int64_t lo, int64_t hi) {
	int ret = plan_chain_settle(c);
	if (ret < 0)
		return ret;
	if (word.len == 1)
		ret = forbid_octet(c, word.cells[0], lo, hi);
	else if (hi == PLAN_FAR || hi - lo >= PLAN_BRANCHES_MAX)
		ret = refuse_many(c);
	else
		for (int64_t at = lo; ret == 0 && at <= hi; at++)
			ret = forbid_at(c, word, at);
	if (ret == 0 && c->n == 0)
		ret = snort_refuse(c->fault, PLAN_NEVER, "a negated content that is always there");
	return ret;
}
