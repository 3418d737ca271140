// What a piece of a plan costs to compile for streams, and whether it can be had at all.
#pragma once

#include "base/err.h"
#include "match/detect/detect_probe.h"
#include "match/rules/ruleset.h"

#include <stdbool.h>
#include <stdint.h>

// Octets and classes of octets in an expression as plans have them (every octet is \xHH), what is
// repeated as often as it may be. No upper bound counts as the lower one.
#define STREAM_WEIGHT_MAX UINT32_MAX // or more
uint32_t stream_piece_weight(const char *regex);

// Octets in a row, and nothing else.
bool stream_piece_is_literal(const char *regex);

// To *cost: of having the piece in one more database, a literal being 1. What may be dear is tried in a
// child process. Returns 0, also where Hyperscan does not take it; -E2BIG with err set when that takes
// too much time or memory; other -errno with err set.
int stream_piece_judge(
	struct detect_probe *probe, const struct pattern *piece, uint32_t *cost, struct err *err
);
