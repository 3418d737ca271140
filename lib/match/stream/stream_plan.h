// What a rule is over a TCP stream that is not kept: expressions that Hyperscan finds in one
// direction as its octets come by, cut anywhere, and how finding them makes the rule's match.
// Exact: a rule that cannot be told this way has no plan, and the reason is said.
#pragma once

#include "base/err.h"
#include "match/combination_code.h"
#include "match/rules/ruleset.h"
#include "match/snort/snort_fault.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

struct snort_rule;

// Terms a rule may have. All that are not negated must be met, none that is negated.
#define STREAM_TERMS_MAX 32u

// One expression. Its report meets its term; several expressions of one term are alternatives.
struct stream_piece {
	// For hs_compile: regex (the plan's own), flags, and what belongs to them. `id` is the
	// piece's index, file and line are the rule's.
	struct pattern pattern;
	uint32_t term;
};

// Of patterns (flag C): each term is one of its ids.
struct stream_combination {
	struct combination_code *code; // owned; over the terms met
	uint64_t min_offset, max_offset; // of the reports that count
	bool once; // no more than one event a stream (flag H)
};

// Immutable, any thread.
struct stream_plan {
	struct stream_piece *pieces;
	uint32_t n_pieces;
	uint32_t n_terms;
	uint32_t wanted; // terms that must be met, bit N for term N
	uint32_t unwanted; // negated terms
	// Owned; NULL: wanted and unwanted say all. Else they are about the end of a stream alone, where
	// it holds when no term at all was met.
	struct stream_combination *combination;
};

// What one stream (one direction) knows of one plan; zeroed for a new stream, and for one that goes
// on behind a gap. A plan of one wanted term needs none: stream_plan_is_plain.
struct stream_state {
	uint32_t met; // bit N: term N
};

// In `met`, of a combination that has no more than one event: it was.
#define STREAM_TOLD ((uint32_t)1 << 31)
static_assert(COMBINATION_IDS_MAX < STREAM_TERMS_MAX);

// Makes the plan of a rule that is not per_packet. `rule` is not needed any more afterwards.
// Returns 0 (*plan to be freed with stream_plan_free), -EINVAL (fault told: `group` is of a bounded
// set and names the keyword) or -ENOMEM.
int stream_plan_from_rule(
	const struct snort_rule *rule, struct stream_plan **plan, struct snort_fault *fault
);

// The plan of a pattern in hsbench syntax that is no combination: one piece, as the file has it. NULL
// when out of memory.
struct stream_plan *stream_plan_from_pattern(const struct pattern *pattern);

// Whether a combination can be told: 0, or -E2BIG with err set, or -ENOMEM with err set.
int stream_plan_check_combination(const struct pattern *pattern, struct err *err);

// What the ids of a combination are.
struct stream_operands {
	const struct pattern *(*find)(const void *ctx, uint32_t id);
	const void *ctx;
};

// The plan of one that was checked. Term N has piece N, which is the pattern with the id
// combination->code->ids[N]. A quiet combination has one term and no pieces. NULL when out of memory.
struct stream_plan *
stream_plan_from_combination(const struct pattern *pattern, const struct stream_operands *operands);

// NULL is fine.
void stream_plan_free(struct stream_plan *plan);

// Every report of its piece is a match, and no state is needed.
static inline bool stream_plan_is_plain(const struct stream_plan *plan) {
	return plan->wanted == 1 && plan->unwanted == 0;
}

// Hyperscan reported a piece of a plan that is no combination. True: the rule matches in the packet
// that brought the octets (however often this is said during one packet, it is one event). What
// hs_close_stream reports belongs to the packet that ended the stream. A plan with negated terms is
// never matched here.
static inline bool
stream_plan_event(const struct stream_plan *plan, struct stream_state *state, uint32_t piece) {
	state->met |= (uint32_t)1 << plan->pieces[piece].term;
	return plan->unwanted == 0 && (state->met & plan->wanted) == plan->wanted;
}

// Hyperscan reported a piece of a combination, which is decided when all reports that end at one offset
// have been told: whatever their order, all of them count.
static inline void
stream_plan_meet(const struct stream_plan *plan, struct stream_state *state, uint32_t piece) {
	state->met |= (uint32_t)1 << plan->pieces[piece].term;
}

// Whether Hyperscan may tell a match of a pattern's once more when a stream ends, or with the octet behind
// it: `$` holds ahead of a newline and at the end, `\b` as the next octet says.
bool stream_plan_may_repeat(const struct stream_plan *plan);

// Notes that such a pattern was told at `offset`. False: that is known. `state` has nothing but this; of
// offsets a GB apart it knows no difference.
bool stream_plan_see(struct stream_state *state, uint64_t offset);
bool stream_plan_saw(const struct stream_state *state, uint64_t offset);

// All reports that end at `offset` have been told, one of the combination's among them. True: it matches
// in the packet that brought the octets. What the end of the stream brings is decided by itself, behind
// all else. Where combinations are Hyperscan's own (block mode) they match at the same offsets.
bool stream_plan_combine(
	const struct stream_plan *plan, struct stream_state *state, uint64_t offset
);

// The stream, of at least one octet, has ended and all reports were told. True: the rule matches in
// the packet that ended it. Only where there are negated terms; others matched when they were met.
static inline bool
stream_plan_end(const struct stream_plan *plan, const struct stream_state *state) {
	return plan->unwanted != 0 && (state->met & plan->unwanted) == 0
		&& (state->met & plan->wanted) == plan->wanted;
}
