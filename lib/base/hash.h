// Seeded hash of a few 64-bit words, by multiplication and folding (the "mum" step of wyhash). CRC32
// would be cheaper by a few cycles, but it is linear: whoever knows the polynomial makes collisions
// for every seed at once, which is the flood this must withstand.
#pragma once

#include <stdint.h>

struct hash_seed {
	uint64_t k[4]; // secret, odd
};

// Draws a seed from the kernel (getrandom), from the clock and addresses if that fails.
void hash_seed_init(struct hash_seed *seed);

// A fixed seed derived from `n`: tests and digests that must repeat.
void hash_seed_fixed(struct hash_seed *seed, uint64_t n);

static inline uint64_t hash_mum(uint64_t a, uint64_t b) {
	unsigned __int128 r = (unsigned __int128)a * b;
	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

// Four words.
static inline uint64_t
hash_4(const struct hash_seed *s, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
	uint64_t x = hash_mum(a ^ s->k[0], b ^ s->k[1]);
	uint64_t y = hash_mum(c ^ s->k[2], d ^ s->k[3]);
	return hash_mum(x ^ s->k[3], y ^ s->k[1]);
}

// Any octets, for use outside the packet path.
uint64_t hash_bytes(const struct hash_seed *s, const void *data, uint64_t len);
