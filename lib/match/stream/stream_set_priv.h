// What the files of a set of rules for streams share, and nobody else needs.
#pragma once

#include "match/detect/detect_plan.h"
#include "stream_set.h"
#include "stream_set_group.h"
#include "stream_set_rule.h"

#include <stdbool.h>
#include <stdint.h>

#define STREAM_NO_GROUP UINT32_MAX

struct stream_set {
	char **files; // owned; the patterns', their names without folders
	uint32_t n_files;
	struct stream_set_rule
		*rules; // owned; patterns, then rules; each in the order of their set
	uint32_t n_patterns;
	uint32_t n_rules; // patterns included
	uint32_t *
		by_id; // owned; patterns, then rules; each in order of scope and id (stream_set_sort)
	struct detect_plan plan; // of the rules; counts from n_patterns
	struct stream_set_group *groups; // owned; the patterns' first where there is one
	uint32_t n_groups;
	uint32_t *group_of; // owned; by list of the plan, or STREAM_NO_GROUP
	struct stream_set_stats stats;
};

// What a pattern or a rule is in s->rules, or NULL.
struct stream_set_rule *
stream_set_find_pattern(const struct stream_set *s, uint32_t file, uint32_t id);
struct stream_set_rule *
stream_set_find_rule(const struct stream_set *s, uint32_t gid, uint32_t sid);

// The group of the rules that a direction is scanned for by one of its ports, or STREAM_NO_GROUP.
static inline uint32_t stream_set_group_by_port(
	const struct stream_set *s, enum detect_dir dir, enum detect_side side, uint16_t port
) {
	uint32_t list = detect_plan_group(&s->plan, SNORT_TCP, (uint8_t)dir, side, port);
	return list == DETECT_NO_GROUP ? STREAM_NO_GROUP : s->group_of[list];
}

// Lists the rules from `first` to the last in by_id: all patterns, or all others, once they are there.
void stream_set_sort(struct stream_set *s, uint32_t first);
