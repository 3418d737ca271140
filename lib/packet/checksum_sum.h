// Sums of 16-bit words as they lie in memory, by what a processor has for it. Any thread; `len` octets
// are read, an odd one at the end with a zero behind it (RFC 1071).
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Eight octets at a time; up to 2^32 of them.
uint64_t checksum_sum_plain(const uint8_t *p, uint32_t len);

#if defined(__x86_64__)
#define CHECKSUM_WIDE_MIN 64u
#define CHECKSUM_WIDE_MAX 65536u

// Thirty-two octets at a time, CHECKSUM_WIDE_MIN to CHECKSUM_WIDE_MAX of them; only where
// checksum_sum_is_wide.
uint64_t checksum_sum_wide(const uint8_t *p, uint32_t len);

static inline bool checksum_sum_is_wide(void) {
	return __builtin_cpu_supports("avx2");
}
#endif
