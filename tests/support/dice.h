// Chance that is the same in every run: a state goes in, the next number comes out, and the state is the
// caller's. Marsaglia's xorshift with 64 bits; a state of 0 stays 0.
#pragma once

#include <stdint.h>

static inline uint64_t dice_next(uint64_t *state) {
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

// 0 .. n - 1; the lowest bits are the worst ones.
static inline uint32_t dice_draw(uint64_t *state, uint32_t n) {
	return (uint32_t)((dice_next(state) >> 16) % n);
}
