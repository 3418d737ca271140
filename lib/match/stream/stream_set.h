// The rules that are looked for in TCP streams, compiled: databases in Hyperscan's stream mode, by
// direction and ports, and for each what its reports mean. Immutable once settled; any thread.
#pragma once

#include "base/err.h"
#include "match/detect/detect_packet.h"
#include "match/rules/ruleset.h"
#include "match/snort/snort_rules.h"
#include "stream_plan.h"

#include <hs.h>

#include <stdbool.h>
#include <stdint.h>

struct stream_set; // opaque

struct stream_set_config {
	const char *cache_dir; // where compiled databases are kept; NULL: nowhere
	// By the ports that rules name; 0: STREAM_SET_GROUPS, 1: one for all (as there is anyway where
	// rules are so many that compiling them several times would take too long).
	uint32_t groups;
	// Of all rules together, those that are no plain text; a rule that needs more is refused
	// ("limit"). 0: STREAM_SET_EXPRESSIONS.
	uint32_t expressions;
	uint32_t probe_ms; // of processor time for one expression of a rule; 0: DETECT_PROBE_MS
	// Told now and then while it compiles, `done` of `all`. May be NULL.
	void (*progress)(void *ctx, uint32_t done, uint32_t all);
	void *ctx;
};

#define STREAM_SET_GROUPS 64u
#define STREAM_SET_EXPRESSIONS 20000u
#define STREAM_NO_STATE UINT32_MAX
#define STREAM_SHARED (UINT32_MAX - 1)
#define STREAM_NO_MEMBER UINT32_MAX
#define STREAM_NO_RULE UINT32_MAX

// A rule in a group.
struct stream_member {
	const struct stream_plan *plan;
	uint32_t
		rule; // its number (stream_set_settle); STREAM_NO_RULE: refused since, never reported
	// Index of its struct stream_state among the states of a stream of this group, or
	// STREAM_NO_STATE: the plan is plain.
	uint32_t state;
};

// What a report of Hyperscan's means: a piece of a member's plan. One that means several (a pattern that
// is combined with others) is of a member with the state STREAM_SHARED, which is nobody's; `piece` is
// then where the list of what it means begins in `shared`, up to STREAM_NO_MEMBER.
struct stream_target {
	uint32_t member;
	uint32_t piece;
	// Of an expression whose match Hyperscan may tell anew when a stream ends: index of the state that
	// knows where it was told (stream_plan_see). Else STREAM_NO_STATE.
	uint32_t seen;
};

struct stream_group {
	hs_database_t *db; // never NULL
	uint32_t stream_octets; // hs_stream_size
	uint32_t n_members;
	uint32_t n_states; // of members and targets
	uint32_t n_targets;
	uint32_t n_shared;
	uint32_t n_combinations; // members
	const struct stream_member *member; // and behind the last the one for what is shared
	const struct stream_target *target; // by Hyperscan's id
	const struct stream_target *shared;
};

// All patterns of `patterns` are looked for in any stream; of `rules` those that are TCP's and not
// per_packet, in streams that can be theirs. Either may be NULL or empty. A rule that has no plan (with
// its fault's group and reason), and what Hyperscan does not take in stream mode, is moved to the
// refusals of its set; so is a rule of which an expression takes too much time or memory to compile
// ("too_large"; heavy ones are tried in a child process). A rule's reason from Hyperscan begins with
// "stream: ", and so does that of a combination of patterns that only streams cannot tell; another
// pattern's is Hyperscan's own, which may hold in any mode. NULL with err set when out of
// memory, where Hyperscan cannot run, or when it cannot build all patterns together though each alone.
// May take minutes; wants 1 MB of stack. Free with stream_set_free.
struct stream_set *stream_set_new(
	struct ruleset *patterns, struct snort_rules *rules, const struct stream_set_config *conf,
	struct err *err
);
void stream_set_free(struct stream_set *s);

// To be called once others have refused what they do not take, before any other function below: gives
// every rule its number, which is i for patterns->patterns[i] and n_patterns + i for rules->rules[i].
// `rules` must then stay as it is until stream_set_free. 0 or -ENOMEM.
int stream_set_settle(
	struct stream_set *s, const struct ruleset *patterns, const struct snort_rules *rules
);

uint32_t stream_set_n_groups(const struct stream_set *s);
const struct stream_group *stream_set_group(const struct stream_set *s, uint32_t group);

// Groups that one direction of a connection is scanned for: the patterns', one by its destination port,
// one by its source port.
#define STREAM_GROUPS_MAX 3u

// To `group`, of STREAM_GROUPS_MAX: the groups of which some rule may match in a direction whose packets
// have this key (unmasked) by ports, direction and addresses. Where a group's rules ask for very many
// different things it is listed in doubt. Returns how many: 0 means that no state needs to be made.
uint32_t stream_set_groups_of(
	const struct stream_set *s, const struct flow_key *key, enum detect_dir dir, uint32_t *group
);

// Makes or enlarges a thread's scratch so that it will do for all groups. 0 or -ENOMEM.
int stream_set_scratch(const struct stream_set *s, hs_scratch_t **scratch);

// For streams that live when one set follows another: to map[number in `old`] (of n_old numbers, the
// patterns' included) the number in `now` of the rule that is the same, by what identifies it and by all
// it looks for in streams, or STREAM_NO_RULE (as for rules that no stream is scanned for). A rule is
// identified by its gid and sid, a pattern by its id and its file's name without folders. Returns true
// when the two look for the same in all streams: all rules map to one, their headers ask the same, and
// all groups are alike, with the same numbers and members and with equal databases, so that a stream of
// the old may go on as it is (with the database that it was opened with).
bool stream_set_map(
	const struct stream_set *old, const struct stream_set *now, uint32_t *map, uint32_t n_old
);

// Stands for all that decides what a stream of this set is, Hyperscan and the machine it compiled for
// included: two sets with one number look for the same, in any run. Takes as long as a walk through the
// databases, and as much memory as the largest. 0: not known, for want of memory.
uint64_t stream_set_digest(const struct stream_set *s);

struct stream_set_stats {
	uint32_t rules; // patterns and rules together, without those refused
	uint32_t groups;
	uint32_t from_cache; // groups
	uint32_t stream_octets_max; // of a group
	uint64_t database_octets;
};
void stream_set_stats(const struct stream_set *s, struct stream_set_stats *stats);
