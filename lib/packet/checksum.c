// The sum: 64 bits hold the carries of billions of words, so these are only folded at the end.

#include "checksum.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

const char *checksum_name(enum checksum c) {
	static const char *const name[CHECKSUM_COUNT] = {
		[CHECKSUM_OK] = "ok",           [CHECKSUM_BAD] = "bad",
		[CHECKSUM_PARTIAL] = "partial", [CHECKSUM_SHORT] = "short",
		[CHECKSUM_UNKNOWN] = "unknown", [CHECKSUM_NONE] = "none",
	};
	return (unsigned)c < CHECKSUM_COUNT ? name[c] : NULL;
}

// The 32-bit words of 8 octets.
static uint64_t add_8(uint64_t sum, const uint8_t *p) {
	uint64_t w;
	memcpy(&w, p, sizeof(w));
	return sum + (w & 0xffffffff) + (w >> 32);
}

#if defined(__SSE2__)
// The 16-bit words of 16 octets, each less 2^15, in pairs.
static __m128i add_16(__m128i sum, const uint8_t *p) {
	const __m128i less = _mm_set1_epi16(INT16_MIN), ones = _mm_set1_epi16(1);
	__m128i x = _mm_xor_si128(_mm_loadu_si128((const __m128i *)p), less);
	return _mm_add_epi32(sum, _mm_madd_epi16(x, ones));
}

// At most so many blocks until a lane of 32 bits has to be emptied; 4 are added to each, 16 bits wide.
#define BLOCKS_MAX 4096u

static uint64_t add_lanes(__m128i sum, uint32_t blocks) {
	int32_t lane[4];
	_mm_storeu_si128((__m128i *)lane, sum);
	int64_t all = (int64_t)lane[0] + lane[1] + lane[2] + lane[3];
	return (uint64_t)(all + (int64_t)blocks * 32 * 32768);
}
#endif

// Blocks of 64 octets; returns where they end.
static const uint8_t *add_blocks(uint64_t *sum, const uint8_t *p, uint32_t n) {
#if defined(__SSE2__)
	while (n > 0) {
		uint32_t some = n < BLOCKS_MAX ? n : BLOCKS_MAX;
		__m128i a = _mm_setzero_si128(), b = a;
		for (uint32_t i = 0; i < some; i++, p += 64) {
			a = add_16(a, p);
			b = add_16(b, p + 16);
			a = add_16(a, p + 32);
			b = add_16(b, p + 48);
		}
		*sum += add_lanes(_mm_add_epi32(a, b), some);
		n -= some;
	}
#else
	for (; n > 0; n--)
		for (int i = 0; i < 8; i++, p += 8)
			*sum = add_8(*sum, p);
#endif
	return p;
}

uint64_t checksum_add(uint64_t sum, const void *data, uint32_t len) {
	const uint8_t *p = data;
	if (len >= 64)
		p = add_blocks(&sum, p, len / 64);
	const uint8_t *end = (const uint8_t *)data + len;
	for (; end - p >= 8; p += 8)
		sum = add_8(sum, p);
	if (end - p >= 4) {
		sum = checksum_add_4(sum, p);
		p += 4;
	}
	uint16_t last = 0;
	if (end - p >= 2) {
		memcpy(&last, p, 2);
		sum += last;
		p += 2;
		last = 0;
	}
	// RFC 1071: an odd octet is followed by zero.
	if (p < end)
		memcpy(&last, p, 1);
	return sum + last;
}
