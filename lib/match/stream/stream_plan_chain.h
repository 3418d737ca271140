// A chain: a content or pcre and the tests that are relative to it and to one another, as a set of
// branches any of which may hold. Of all places where the tests so far hold, any that lets the
// others hold will do.
#pragma once

#include "match/snort/snort_fault.h"
#include "stream_plan_branch.h"

#include <stdbool.h>
#include <stdint.h>

#define PLAN_BRANCHES_MAX 64u

// No bound behind: `hi` of a place.
#define PLAN_FAR INT64_MAX

struct stream_plan;

struct plan_chain {
	struct plan_branch branches[PLAN_BRANCHES_MAX];
	uint32_t n;
	bool open; // there is one
	// At least as many octets must follow what comes next is relative to. Kept apart from the
	// branches for as long as that decides nothing.
	uint32_t need;
	// What was put last is an expression whose end is not the same for each start ...
	bool vague;
	bool greedy; // ... but is where the longest run of this set ends
	struct octet_set run;
	struct snort_arena *arena;
	struct snort_fault *fault;
	struct stream_plan *plan; // where what is complete is put
};

// Groups of refusals.
#define PLAN_LIMIT "stream: too many ways"
#define PLAN_NEVER "stream: can never match"
#define PLAN_REACH "stream: distance back over a gap"
#define PLAN_VAGUE "stream: relative to a pcre without a certain end"
#define PLAN_NEGATED "stream: negated content among others"
#define PLAN_TOO_FAR "stream: too far apart"

// All return 0, -EINVAL (fault told) or -ENOMEM.

// A new chain of one empty branch, anywhere in the stream or at its start.
int plan_chain_begin(struct plan_chain *c, bool at_start);

// A word that begins lo to hi octets behind; lo may be negative, hi may be PLAN_FAR.
int plan_chain_place(struct plan_chain *c, struct plan_word word, int64_t lo, int64_t hi);

// The word must not begin lo to hi octets behind.
int plan_chain_forbid(struct plan_chain *c, struct plan_word word, int64_t lo, int64_t hi);

// An expression, anywhere behind or (by its own ^) right there.
int plan_chain_match(struct plan_chain *c, struct regex_node *root, bool anchored);

// At least `n` octets follow.
int plan_chain_need(struct plan_chain *c, uint32_t n);

// At most `n` octets follow, then the stream ends.
int plan_chain_limit(struct plan_chain *c, uint32_t n);

// Puts what the chain is into the plan as a term (negated: one that must not hold).
int plan_chain_finish(struct plan_chain *c, bool negated);

// For those who add to a chain: what was put last gets ready to be referred to.
int plan_chain_settle(struct plan_chain *c);

// Moves `need` into the branches.
void plan_chain_push_need(struct plan_chain *c);

// Makes what the chain is, `need` with it, a term of its own and forgets `need`. That says the same
// where nothing else is asked of what follows, and what comes next may be any distance behind: the
// earliest place then serves both terms.
int plan_chain_split(struct plan_chain *c);
