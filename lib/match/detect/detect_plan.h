// Which rules a packet has to be scanned for, by protocol, direction and port. A packet has two groups
// at most: by its destination port, those that name destination ports and those that name none; by its
// source port, those that name source ports only.
#pragma once

#include "detect_packet.h"
#include "detect_ports.h"
#include "match/snort/snort_rule.h"

#include <stdbool.h>
#include <stdint.h>

#define DETECT_PROTOS 6u // by bit of enum snort_proto
#define DETECT_NO_GROUP UINT32_MAX

enum detect_side {
	DETECT_BY_DST,
	DETECT_BY_SRC,
};

// A rule to be planned for; its place in the array is what groups name it by.
struct detect_planned {
	const struct snort_rule *rule;
	uint32_t protos; // where it is wanted: rule->protos or less
	uint32_t cost; // of having it in one more group
};

struct detect_list {
	uint32_t *rules; // owned; rising
	uint32_t n;
	uint32_t uses; // classes of ports that have it
};

struct detect_table {
	struct detect_classes classes; // none: the table has no group at all
	uint32_t *group; // owned; by class, or DETECT_NO_GROUP
	uint32_t merged; // the class of those that were merged, or DETECT_NO_CLASS
};

struct detect_plan {
	struct detect_table tables[DETECT_PROTOS][DETECT_DIRS][2];
	struct detect_list *lists; // owned; what the groups' rules are; no two alike
	uint32_t n_lists;
	uint32_t n_merged; // classes of ports that got no group of their own
};

struct detect_plan_limits {
	// Groups with rules that name ports. Those with the fewest such rules are merged when there
	// are more. 1: a single group for all packets.
	uint32_t groups;
	// Sum of costs over all groups, beyond what merging everything would cost.
	uint64_t cost;
	// Only packets of an unknown direction have groups by port, or only the others.
	bool undirected;
};

// Returns 0 or -ENOMEM; free with detect_plan_fini in either case.
int detect_plan_init(
	struct detect_plan *plan, const struct detect_planned *rules, uint32_t n,
	const struct detect_plan_limits *limits
);
void detect_plan_fini(struct detect_plan *plan);

// The group of a packet, or DETECT_NO_GROUP. `proto` is one bit.
static inline uint32_t detect_plan_group(
	const struct detect_plan *plan, uint32_t proto, uint8_t dir, enum detect_side side,
	uint16_t port
) {
	const struct detect_table *t = &plan->tables[__builtin_ctz(proto)][dir][side];
	return t->group == NULL ? DETECT_NO_GROUP : t->group[t->classes.of[port]];
}
