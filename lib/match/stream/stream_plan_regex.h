// A Perl-compatible expression as a tree, with what must be known to put it behind something else:
// modifiers, case, dots and classes are resolved into sets of octets. What Hyperscan cannot do over
// a stream is refused by name, so the tree has no node for it.
#pragma once

#include "match/snort/snort_arena.h"
#include "match/snort/snort_fault.h"
#include "match/snort/snort_test.h"
#include "stream_plan_octets.h"

#include <stdbool.h>
#include <stdint.h>

enum regex_kind {
	REGEX_EMPTY,
	REGEX_SET, // one octet
	REGEX_ASSERT,
	REGEX_CAT, // children one after the other
	REGEX_ALT, // one of the children
	REGEX_REPEAT, // the child lo to hi times
};

enum regex_assert {
	REGEX_START, // ^ \A
	REGEX_LINE_START, // ^ with m
	REGEX_END, // \z, $ with E
	REGEX_END_NEWLINE, // $ \Z: also ahead of a newline that is the last octet
	REGEX_LINE_END, // $ with m
	REGEX_EDGE, // \b
	REGEX_NO_EDGE, // \B
};

#define REGEX_LEAD 4u

struct regex_node {
	enum regex_kind kind;
	enum regex_assert assertion;
	struct octet_set set;
	uint32_t lo, hi; // hi may be PLAN_OPEN
	bool greedy;
	struct regex_node *first_child, *last_child, *next, *previous;
	// Facts, as far as the sets tell.
	uint32_t min, max; // octets of a match; PLAN_OPEN: any number
	uint32_t parts; // octets to be written where it is repeated as a whole, saturating
	uint32_t weight; // the same where it is not: a repeat of one octet is then cheap
	struct octet_set first; // what a match of at least one octet begins with
	// What every match has at its first few octets; of these as many as are known.
	struct octet_set lead[REGEX_LEAD];
	uint32_t n_lead;
	bool certain; // from a given start there is at most one end
	bool edge_first; // a \b or \B may be tried at the very start
	uint32_t anchors; // how many ^ \A are in it, of either kind
};

// Highest count of a repeat, weight and nesting: what the matcher's compiler is spared.
#define REGEX_REPEAT_MAX 4096u
#define REGEX_WEIGHT_MAX 5000u
#define REGEX_DEPTH_MAX 100u

// Parses the expression by its modifiers. `arena` holds the tree. Returns 0, -EINVAL (fault told)
// or -ENOMEM.
int regex_parse(
	const struct snort_pcre *pcre, struct snort_arena *arena, struct regex_node **root,
	struct snort_fault *fault
);

// Groups of refusals, also for what is met later.
#define REGEX_SYNTAX "pcre: syntax"
#define REGEX_TOO_LARGE "pcre: too large"
