// Octets with the ASCII letters A-Z made a-z and no others, whatever the locale.
#pragma once

#include <stdint.h>

static inline void verify_lower(uint8_t *to, const uint8_t *from, uint32_t len) {
	for (uint32_t i = 0; i < len; i++)
		to[i] = (uint8_t)(from[i] + ((uint8_t)(from[i] - 'A') < 26 ? 'a' - 'A' : 0));
}
