// A payload while it is being laid out: which octets are decided, how long it may be, and a way back
// when a decision turns out to be a bad one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RULE_LAYOUT_MAX 60000u

struct rule_layout {
	uint8_t octets[RULE_LAYOUT_MAX];
	uint8_t decided[RULE_LAYOUT_MAX];
	uint32_t trail[RULE_LAYOUT_MAX]; // decided, in order
	// The state that a way back restores.
	struct rule_layout_state {
		uint32_t n_trail;
		uint32_t high; // behind the last decided octet
		uint32_t len_min, len_max;
	} now;
};

void rule_layout_init(struct rule_layout *l);

// Decides octets at `at`; those that are decided already must agree, but for case if `nocase`. False,
// with nothing changed, when they do not or the payload would get too long.
bool rule_layout_put(
	struct rule_layout *l, int64_t at, const uint8_t *octets, uint32_t len, bool nocase
);

// All of them decided?
bool rule_layout_known(const struct rule_layout *l, int64_t at, uint32_t len);

// Narrows the length. False when none is left.
bool rule_layout_limit(struct rule_layout *l, int64_t min, int64_t max);

// Undoes what came after the state was taken from `now`.
void rule_layout_back(struct rule_layout *l, struct rule_layout_state state);
