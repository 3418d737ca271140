// What is done with flow keys: masks for sets of fields, hashing what a mask leaves, comparing, turning,
// and an order for people.
#pragma once

#include "base/field.h"
#include "base/hash.h"
#include "base/key_cut.h"
#include "packet/flow_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__AES__)
#include <wmmintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

// Ones where the fields of `fields` (FIELD_BIT) are, zeros elsewhere; `hash` is zero.
void flow_key_mask(struct flow_key *mask, uint32_t fields);

// Takes what a key leaves out of its addresses off its mask.
void flow_key_cut(struct flow_key *mask, const struct key_cut *cut);

#if defined(__AES__)

// Two rounds of AES, the first with a part of the seed for its round key, then `part` is added. A
// change of one part has spread over all octets, as only who has the seed can tell, before another
// part could make up for it.
static inline __m128i flow_key_rounds(__m128i x, __m128i seed, __m128i part) {
	return _mm_aesenc_si128(_mm_aesenc_si128(x, seed), part);
}

// key &= mask; sets key->hash of what is left and returns it. The octets of IPv6 addresses are
// neither masked nor hashed where there are none.
static inline uint32_t
flow_key_finish(struct flow_key *key, const struct flow_key *mask, const struct hash_seed *seed) {
	__m128i *k = (__m128i *)key;
	const __m128i *m = (const __m128i *)mask;
	__m128i s0 = _mm_loadu_si128((const __m128i *)&seed->k[0]);
	__m128i s1 = _mm_loadu_si128((const __m128i *)&seed->k[2]);
	__m128i front = _mm_and_si128(k[0], m[0]), back = _mm_and_si128(k[1], m[1]);
	uint8_t flags = key->flags & mask->flags;
	k[0] = front;
	k[1] = back;
	__m128i x = flow_key_rounds(_mm_xor_si128(front, s0), s1, back);
	if (UNLIKELY(flags & KEY_V6)) {
		k[2] = _mm_and_si128(k[2], m[2]);
		k[3] = _mm_and_si128(k[3], m[3]);
		x = flow_key_rounds(x, s0, k[2]);
		x = flow_key_rounds(x, s1, k[3]);
	}
	key->hash = (uint32_t)_mm_cvtsi128_si32(flow_key_rounds(x, s1, s0));
	return key->hash;
}

#else

// Four words of a key and its mask. Words rather than octets or vectors: the hash wants them in
// general registers.
static inline uint64_t
flow_key_mask_hash_4(void *key, const void *mask, const struct hash_seed *seed) {
	typedef uint64_t __attribute__((may_alias)) word;
	word *k = __builtin_assume_aligned(key, 32);
	const word *m = __builtin_assume_aligned(mask, 32);
	uint64_t a = k[0] & m[0], b = k[1] & m[1], c = k[2] & m[2], d = k[3] & m[3];
	k[0] = a;
	k[1] = b;
	k[2] = c;
	k[3] = d;
	return hash_4(seed, a, b, c, d);
}

// key &= mask; sets key->hash of what is left and returns it. The octets of IPv6 addresses are
// neither masked nor hashed where there are none.
static inline uint32_t
flow_key_finish(struct flow_key *key, const struct flow_key *mask, const struct hash_seed *seed) {
	uint8_t flags = key->flags & mask->flags;
	uint64_t h = flow_key_mask_hash_4(key, mask, seed);
	if (UNLIKELY(flags & KEY_V6))
		h = hash_mum(h ^ flow_key_mask_hash_4(key->src6, mask->src6, seed), seed->k[2]);
	key->hash = (uint32_t)(h ^ (h >> 32));
	return key->hash;
}

#endif

// The same for both directions of a conversation: for spreading over workers. Not to be confused
// with `hash`. Works on an unmasked key.
uint32_t flow_key_spread(const struct flow_key *key, const struct hash_seed *seed);

// Whether the octets ahead of `hash` agree. Written out: compilers make a call of memcmp.
static inline bool flow_key_head_equal(const void *a, const void *b) {
#if defined(__SSE2__)
	const char *p = a, *q = b;
	__m128i front = _mm_cmpeq_epi8(
		_mm_loadu_si128((const __m128i *)p), _mm_loadu_si128((const __m128i *)q)
	);
	// Overlaps the front, ends ahead of `hash`.
	__m128i back = _mm_cmpeq_epi8(
		_mm_loadu_si128((const __m128i *)(p + FLOW_KEY_HEAD - 16)),
		_mm_loadu_si128((const __m128i *)(q + FLOW_KEY_HEAD - 16))
	);
	return _mm_movemask_epi8(_mm_and_si128(front, back)) == 0xffff;
#else
	return memcmp(a, b, FLOW_KEY_HEAD) == 0;
#endif
}

// Full comparison without `hash`.
static inline bool flow_key_equal(const struct flow_key *a, const struct flow_key *b) {
	return flow_key_head_equal(a, b)
		&& (LIKELY(!(a->flags & KEY_V6)) || memcmp(a->src6, b->src6, 32) == 0);
}

// The key of the other direction: addresses and ports change places. Its hash is still that of `key`.
static inline void flow_key_turn(struct flow_key *to, const struct flow_key *key) {
	*to = *key;
	to->src_port = key->dst_port;
	to->dst_port = key->src_port;
	memcpy(to->src4, key->dst4, sizeof(to->src4));
	memcpy(to->dst4, key->src4, sizeof(to->dst4));
	memcpy(to->src6, key->dst6, sizeof(to->src6));
	memcpy(to->dst6, key->src6, sizeof(to->dst6));
}

// One field of two keys, numerically; IPv4 before IPv6, an absent field before a present one. <0, 0, >0.
int flow_key_compare_field(const struct flow_key *a, const struct flow_key *b, enum field f);

// All fields, as above, in the order src_ip, dest_ip, src_port, dest_port, proto, then the rest.
int flow_key_compare(const struct flow_key *a, const struct flow_key *b);
