// What a rule says of itself, as alerts show it: made with the matcher, read by the exporter. Plain
// data, constant once made.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum rule_threshold_type {
	RULE_THRESHOLD_NONE, // every match alerts
	RULE_THRESHOLD_LIMIT, // the first `count` in `seconds` alert
	RULE_THRESHOLD_EVERY, // every `count`th in `seconds` alerts
	RULE_THRESHOLD_BOTH, // the `count`th in `seconds` alerts, once
	RULE_THRESHOLD_FILTER, // all behind the first `count` in `seconds` alert
};

// What is counted apart, beside the rule itself.
enum rule_threshold_track {
	RULE_BY_SRC,
	RULE_BY_DST,
	RULE_BY_BOTH, // the pair of addresses, as this direction has them
	RULE_BY_RULE, // nothing
	RULE_BY_FLOW, // both directions together
};

struct rule_threshold {
	uint8_t type; // enum rule_threshold_type
	uint8_t track; // enum rule_threshold_track
	uint32_t count, seconds; // at least 1; seconds of event time
};

#define RULE_SEVERITY_DEFAULT 3

struct rule_metadata {
	const char *key;
	const char *value;
};

struct rule_info {
	uint32_t gid, sid, rev; // (gid, sid) is what thresholds know a rule by
	uint8_t severity; // 1: the worst
	bool noalert; // matches count, and make no alert
	struct rule_threshold threshold;
	const char *signature; // any octets but NUL; never NULL, as the next
	const char *category; // "": none
	const struct rule_metadata *metadata; // those of one key stand together
	const char *const *references; // URLs
	uint32_t n_metadata, n_references;
};
