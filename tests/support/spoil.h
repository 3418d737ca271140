// What a damaged or forged state may hold: records as they were saved, but for some bits, or for numbers at
// the ends of what numbers can be.
#pragma once

#include "base/state_buffer.h"
#include "packet/event_clock.h"

#include <stdlib.h>
#include <string.h>

static inline void spoil_octets(uint8_t *octets, uint32_t len) {
	static const int64_t ends[] = {0, -1, INT64_MIN, INT64_MAX, EVENT_TIME_MIN, EVENT_TIME_MAX};
	for (int k = rand() % 4; k >= 0; k--) {
		uint32_t at = (uint32_t)rand() % len;
		if (rand() % 2 == 0 || at / 8 * 8 + 8 > len)
			octets[at] ^= (uint8_t)(1 << rand() % 8);
		else
			memcpy(&octets[at / 8 * 8], &ends[rand() % 6], sizeof(ends[0]));
	}
}

// A buffer that is as another but for that.
static inline void spoil_copy(struct state_chunk *bad, const struct state_chunk *good) {
	memcpy(bad, good, sizeof(*bad));
	spoil_octets(bad->octets, bad->used);
}
