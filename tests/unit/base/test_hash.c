// lib/base/hash.c: seeds and hashes.

#include "base/hash.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(hash, drawn_seeds_are_odd_and_differ) {
	struct hash_seed a, b;
	hash_seed_init(&a);
	hash_seed_init(&b);
	cr_assert_neq(memcmp(&a, &b, sizeof(a)), 0);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(a.k[i] & b.k[i] & 1, 1);
}

Test(hash, fixed_seeds_repeat_and_depend_on_their_number) {
	struct hash_seed a, b;
	for (uint64_t n = 0; n < 1000; n++) {
		hash_seed_fixed(&a, n);
		hash_seed_fixed(&b, n);
		cr_assert_eq(memcmp(&a, &b, sizeof(a)), 0);
		hash_seed_fixed(&b, n + 1);
		cr_assert_neq(memcmp(&a, &b, sizeof(a)), 0);
		for (int i = 0; i < 4; i++)
			cr_assert_eq(a.k[i] & 1, 1);
	}
}

Test(hash, every_bit_of_every_word_matters) {
	struct hash_seed s;
	hash_seed_fixed(&s, 1);
	uint64_t w[4] = {1, 2, 3, 4};
	uint64_t was = hash_4(&s, w[0], w[1], w[2], w[3]);
	for (int i = 0; i < 256; i++) {
		w[i / 64] ^= 1ull << (i % 64);
		cr_assert_neq(hash_4(&s, w[0], w[1], w[2], w[3]), was, "bit %d", i);
		w[i / 64] ^= 1ull << (i % 64);
	}
}

Test(hash, words_do_not_commute) {
	struct hash_seed s;
	hash_seed_fixed(&s, 2);
	uint64_t h = hash_4(&s, 1, 2, 3, 4);
	cr_assert_neq(h, hash_4(&s, 2, 1, 3, 4));
	cr_assert_neq(h, hash_4(&s, 3, 4, 1, 2));
	cr_assert_neq(h, hash_4(&s, 1, 2, 4, 3));
}

Test(hash, another_seed_gives_another_hash) {
	struct hash_seed a, b;
	hash_seed_fixed(&a, 1);
	hash_seed_fixed(&b, 2);
	cr_assert_neq(hash_4(&a, 1, 2, 3, 4), hash_4(&b, 1, 2, 3, 4));
	cr_assert_neq(hash_bytes(&a, "abc", 3), hash_bytes(&b, "abc", 3));
}

Test(hash, octets_hash_by_value_wherever_they_stand) {
	struct hash_seed s;
	hash_seed_fixed(&s, 3);
	uint8_t buf[80];
	for (uint64_t len = 0; len <= 48; len++) {
		uint64_t first = 0;
		for (unsigned shift = 0; shift < 16; shift++) {
			memset(buf, 0xee, sizeof(buf));
			for (uint64_t i = 0; i < len; i++)
				buf[shift + i] = (uint8_t)(i * 7 + 1);
			uint64_t h = hash_bytes(&s, buf + shift, len);
			if (shift == 0)
				first = h;
			cr_assert_eq(h, first, "len %d shift %u", (int)len, shift);
		}
	}
}

Test(hash, length_matters_even_among_zeros) {
	struct hash_seed s;
	hash_seed_fixed(&s, 4);
	static const uint8_t zeros[64];
	for (uint64_t a = 0; a < 64; a++)
		for (uint64_t b = a + 1; b <= 64; b++)
			cr_assert_neq(hash_bytes(&s, zeros, a), hash_bytes(&s, zeros, b));
}

Test(hash, every_octet_matters) {
	struct hash_seed s;
	hash_seed_fixed(&s, 5);
	uint8_t buf[40] = {0};
	uint64_t was = hash_bytes(&s, buf, sizeof(buf));
	for (unsigned i = 0; i < sizeof(buf); i++) {
		buf[i] = 1;
		cr_assert_neq(hash_bytes(&s, buf, sizeof(buf)), was, "octet %u", i);
		buf[i] = 0;
	}
}

// Counters, as addresses and ports mostly are, must spread as well as random numbers do: with 64
// expected in each of 1,024 buckets none strays beyond six standard deviations.
Test(hash, counters_spread_evenly_over_low_and_high_bits) {
	struct hash_seed s;
	hash_seed_fixed(&s, 6);
	static uint32_t low[1024], high[1024];
	for (uint64_t i = 0; i < 65536; i++) {
		uint64_t h = hash_4(&s, i, 0, i << 32, 0);
		low[h & 1023]++;
		high[h >> 54]++;
	}
	for (int i = 0; i < 1024; i++) {
		cr_assert(low[i] > 64 - 48 && low[i] < 64 + 48, "low %d: %u", i, low[i]);
		cr_assert(high[i] > 64 - 48 && high[i] < 64 + 48, "high %d: %u", i, high[i]);
	}
}
