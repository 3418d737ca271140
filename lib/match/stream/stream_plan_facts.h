// What is known of an expression from its parts: width, first octets, whether its end is certain.
#pragma once

#include "stream_plan_regex.h"

// Fills in a node's facts; its children have theirs.
void regex_settle(struct regex_node *node);

// Whether every alternative begins with ^ (or \A). *line: with m.
bool regex_is_anchored(const struct regex_node *root, bool *line);

// Takes those anchors away and settles anew.
void regex_drop_anchors(struct regex_node *root);

// Whether from a given start the end that Perl would pick is the one behind which the longest run
// of `set` ends: the expression ends in a greedy repeat of it. Then *set is told.
bool regex_ends_greedily(const struct regex_node *root, struct octet_set *set);
