// What parts of a sum are added with, and names for people.

#include "checksum.h"

#include "checksum_sum.h"

#include <stddef.h>

const char *checksum_name(enum checksum c) {
	static const char *const name[CHECKSUM_COUNT] = {
		[CHECKSUM_OK] = "ok",           [CHECKSUM_BAD] = "bad",
		[CHECKSUM_PARTIAL] = "partial", [CHECKSUM_SHORT] = "short",
		[CHECKSUM_UNKNOWN] = "unknown", [CHECKSUM_NONE] = "none",
	};
	return (unsigned)c < CHECKSUM_COUNT ? name[c] : NULL;
}

uint64_t checksum_add(uint64_t sum, const void *data, uint32_t len) {
	const uint8_t *p = data;
#if defined(__x86_64__)
	if (len >= CHECKSUM_WIDE_MIN && checksum_sum_is_wide()) {
		for (; len > CHECKSUM_WIDE_MAX; len -= CHECKSUM_WIDE_MAX, p += CHECKSUM_WIDE_MAX)
			sum += checksum_sum_wide(p, CHECKSUM_WIDE_MAX);
		if (len >= CHECKSUM_WIDE_MIN)
			return sum + checksum_sum_wide(p, len);
	}
#endif
	return sum + checksum_sum_plain(p, len);
}
