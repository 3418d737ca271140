// Eight octets are one addition with carry, thirty-two a multiplication that adds words in pairs: signed
// ones, so each goes in less 2^15.

#include "checksum_sum.h"

#include <assert.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

uint64_t checksum_sum_plain(const uint8_t *p, uint32_t len) {
	unsigned __int128 sum = 0;
	uint64_t w;
	for (; len >= 32; len -= 32, p += 32) {
		for (int i = 0; i < 4; i++) {
			memcpy(&w, p + (size_t)i * 8, sizeof(w));
			sum += w;
		}
	}
	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&w, p, sizeof(w));
		sum += w;
	}
	if (len > 0) {
		uint32_t four = 0;
		uint16_t two = 0, one = 0;
		if (len & 4)
			memcpy(&four, p, 4);
		if (len & 2)
			memcpy(&two, p + (len & 4), 2);
		if (len & 1)
			memcpy(&one, p + (len & 6), 1);
		sum += (uint64_t)four + two + one;
	}
	uint64_t low = (uint64_t)sum, carries = (uint64_t)(sum >> 64);
	return (low & 0xffffffff) + (low >> 32) + carries;
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] static __m256i less(const uint8_t *p) {
	return _mm256_xor_si256(_mm256_loadu_si256((const void *)p), _mm256_set1_epi16(INT16_MIN));
}

[[gnu::target("avx2")]] static __m256i add_32(__m256i sum, __m256i x) {
	return _mm256_add_epi32(sum, _mm256_madd_epi16(x, _mm256_set1_epi16(1)));
}

// The largest sum of so many words, each less 2^15, still fits a lane.
static_assert(CHECKSUM_WIDE_MAX / 2 * 32768ull < 1u << 31);

[[gnu::target("avx2")]] uint64_t checksum_sum_wide(const uint8_t *p, uint32_t len) {
	static const int16_t keep[32] = {[16] = -1, -1, -1, -1, -1, -1, -1, -1,
					 -1,        -1, -1, -1, -1, -1, -1, -1};
	uint32_t even = len & ~1u;
	const uint8_t *end = p + even;
	__m256i a = _mm256_setzero_si256(), b = a;
	for (; end - p >= 64; p += 64) {
		a = add_32(a, less(p));
		b = add_32(b, less(p + 32));
	}
	if (end - p >= 32) {
		a = add_32(a, less(p));
		p += 32;
	}
	// Of the last 32 octets those that are left.
	__m256i left = _mm256_loadu_si256((const void *)(keep + (end - p) / 2));
	b = add_32(b, _mm256_and_si256(less(end - 32), left));
	a = _mm256_add_epi32(a, b);
	__m128i x = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
	x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0x4e));
	x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0xb1));
	int64_t all = (int64_t)_mm_cvtsi128_si32(x) + (int64_t)(even / 2) * 32768;
	return (uint64_t)all + (len & 1 ? *end : 0);
}
#endif
