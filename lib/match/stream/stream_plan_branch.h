// One way for a chain of relative tests to hold: what stands in the stream, octet after octet.
// Links are shared between branches and never changed.
#pragma once

#include "match/snort/snort_arena.h"
#include "stream_plan_ahead.h"
#include "stream_plan_octets.h"

#include <stdbool.h>
#include <stdint.h>

struct regex_node;

enum plan_link_kind {
	PLAN_LINK_SET, // octets of `set`, lo to hi times
	PLAN_LINK_REGEX,
	PLAN_LINK_START, // the stream's start
	PLAN_LINK_LINES, // nothing, or whole lines
};

struct plan_link {
	const struct plan_link *previous;
	enum plan_link_kind kind;
	struct octet_set set;
	uint32_t lo, hi; // hi may be PLAN_OPEN
	const struct regex_node *regex;
};

// What stands ahead of the cells.
enum plan_root {
	PLAN_ROOT_ANYWHERE, // nothing: the stream may have any octets before, or none
	PLAN_ROOT_START, // the stream's start
	PLAN_ROOT_OTHER, // other links
};

struct plan_branch {
	const struct plan_link *last; // NULL: none yet
	enum plan_root root;
	uint32_t cells; // the last links: sets of exactly one octet
	uint32_t back; // what comes is relative to as many octets ahead of the end; at most `cells`
	struct plan_ahead ahead; // counted from the end
};

// What stands at successive places, as a content does.
struct plan_word {
	const struct octet_set *cells;
	uint32_t len;
};

// Behind all that is there. 0 or -ENOMEM. Sets once or a fixed few times become cells.
int plan_branch_add_set(
	struct plan_branch *b, struct snort_arena *arena, struct octet_set set, uint32_t lo,
	uint32_t hi
);
int plan_branch_add(struct plan_branch *b, struct snort_arena *arena, struct plan_link link);

// The last `depth` octets must also be of the word's, from the first on (the word may be longer,
// then it is cut). Where there are fewer cells: the branch is extended to the front if it stands
// anywhere. Returns 1, 0 (cannot hold), -ERANGE (what is there is not known octet by octet) or
// -ENOMEM.
int plan_branch_overlay(
	struct plan_branch *b, struct snort_arena *arena, uint32_t depth, struct plan_word word
);
