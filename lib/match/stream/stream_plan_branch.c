// Adds links, and rewrites the last ones where two contents overlap.

#include "stream_plan_branch.h"

#include "stream_plan_text.h"

#include <errno.h>

// Sets that stand this often are cells, so that what follows may reach back over them.
#define AS_CELLS 32u

static int
link_to(const struct plan_link **last, struct snort_arena *arena, const struct plan_link *link) {
	struct plan_link *l = snort_arena_take(arena, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	*l = *link;
	l->previous = *last;
	*last = l;
	return 0;
}

int plan_branch_add(struct plan_branch *b, struct snort_arena *arena, struct plan_link link) {
	b->root = b->last == NULL && link.kind == PLAN_LINK_START ? PLAN_ROOT_START
								  : PLAN_ROOT_OTHER;
	b->cells = 0;
	b->back = 0;
	return link_to(&b->last, arena, &link);
}

static int add_cell(struct plan_branch *b, struct snort_arena *arena, struct octet_set set) {
	struct plan_link cell = {.kind = PLAN_LINK_SET, .set = set, .lo = 1, .hi = 1};
	b->cells++;
	return link_to(&b->last, arena, &cell);
}

int plan_branch_add_set(
	struct plan_branch *b, struct snort_arena *arena, struct octet_set set, uint32_t lo,
	uint32_t hi
) {
	int ret = 0;
	b->back = 0;
	if (lo != hi || lo > AS_CELLS)
		return plan_branch_add(
			b, arena,
			(struct plan_link){.kind = PLAN_LINK_SET, .set = set, .lo = lo, .hi = hi}
		);
	for (uint32_t i = 0; ret == 0 && i < lo; i++)
		ret = add_cell(b, arena, set);
	return ret;
}

int plan_branch_overlay(
	struct plan_branch *b, struct snort_arena *arena, uint32_t depth, struct plan_word word
) {
	uint32_t known = depth < b->cells ? depth : b->cells;
	uint32_t len = depth < word.len ? depth : word.len;
	const struct plan_link *base = b->last;
	if (depth > known && b->root != PLAN_ROOT_ANYWHERE)
		return b->root == PLAN_ROOT_START ? 0 : -ERANGE;
	struct octet_set *cells = snort_arena_take(arena, depth * sizeof(*cells));
	if (cells == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < known; i++, base = base->previous)
		cells[depth - 1 - i] = base->set;
	for (uint32_t i = 0; i < depth - known; i++)
		cells[i] = OCTET_SET_ANY;
	for (uint32_t i = 0; i < len; i++) {
		cells[i] = octet_set_and(cells[i], word.cells[i]);
		if (octet_set_is_empty(cells[i]))
			return 0;
	}
	b->last = base;
	b->cells -= known;
	for (uint32_t i = 0; i < depth; i++) {
		int ret = add_cell(b, arena, cells[i]);
		if (ret < 0)
			return ret;
	}
	return 1;
}
