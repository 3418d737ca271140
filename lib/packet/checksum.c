// The sum: 64 bits hold the carries of billions of 32-bit words, so these are only folded at the end.

#include "checksum.h"

#include <stddef.h>
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

// Blocks of 32 octets; returns where they end.
static const uint8_t *add_blocks(uint64_t *sum, const uint8_t *p, uint32_t n) {
#if defined(__SSE2__)
	const __m128i zero = _mm_setzero_si128();
	__m128i a = zero, b = zero;
	for (; n > 0; n--, p += 32) {
		__m128i x = _mm_loadu_si128((const __m128i *)p);
		__m128i y = _mm_loadu_si128((const __m128i *)(p + 16));
		a = _mm_add_epi64(a, _mm_unpacklo_epi32(x, zero));
		b = _mm_add_epi64(b, _mm_unpackhi_epi32(x, zero));
		a = _mm_add_epi64(a, _mm_unpacklo_epi32(y, zero));
		b = _mm_add_epi64(b, _mm_unpackhi_epi32(y, zero));
	}
	uint64_t lane[2];
	_mm_storeu_si128((__m128i *)lane, _mm_add_epi64(a, b));
	*sum += lane[0] + lane[1];
#else
	for (; n > 0; n--)
		for (int i = 0; i < 4; i++, p += 8)
			*sum = add_8(*sum, p);
#endif
	return p;
}

uint64_t checksum_add(uint64_t sum, const void *data, uint32_t len) {
	const uint8_t *p = data;
	if (len >= 64)
		p = add_blocks(&sum, p, len / 32);
	const uint8_t *end = (const uint8_t *)data + len;
	for (; end - p >= 8; p += 8)
		sum = add_8(sum, p);
	uint64_t rest = end - p;
	if (rest == 0)
		return sum;
	// RFC 1071: an odd octet is followed by zero. Octet by octet: at most seven.
	uint8_t last[8] = {0};
	for (uint64_t i = 0; i < rest; i++)
		last[i] = p[i];
	return add_8(sum, last);
}
