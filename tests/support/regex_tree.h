// A regular expression as a tree, to make texts from that it matches. Reads what rules use of PCRE's
// syntax; conditions that a text made from the tree may fail (lookaround, word boundaries) are left out.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum regex_kind {
	REGEX_EMPTY,
	REGEX_START, // ^ or \A
	REGEX_END, // $, \z or \Z
	REGEX_LINE_END, // $ with m
	REGEX_SET, // one octet of a set
	REGEX_SEQUENCE, // of children
	REGEX_CHOICE, // between children
	REGEX_GROUP, // one child, remembered
	REGEX_REPEAT, // one child, min to max times
	REGEX_AGAIN, // what a group matched
};

struct regex_node {
	enum regex_kind kind;
	uint32_t child; // the first; 0: none
	uint32_t next; // sibling; 0: none
	uint32_t min, max; // REGEX_REPEAT; max UINT32_MAX: no limit
	uint32_t group; // REGEX_GROUP, REGEX_AGAIN; from 1
	uint64_t set[4];
};

#define REGEX_NODES_MAX 8192u
#define REGEX_GROUPS_MAX 64u

struct regex_tree {
	struct regex_node nodes[REGEX_NODES_MAX]; // 0 is none
	uint32_t n;
	uint32_t root;
};

// `flags` as of struct snort_pcre. False when it is beyond this reader.
bool regex_tree_read(struct regex_tree *t, const char *regex, uint32_t len, uint32_t flags);
