// Seeds and the hash of octet strings of any length.

#include "hash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

// Numbers without pattern to start from: the golden ratio's fraction, times odd numbers.
#define PHI 0x9e3779b97f4a7c15ull

void hash_seed_fixed(struct hash_seed *seed, uint64_t n) {
	for (int i = 0; i < 4; i++)
		seed->k[i] = hash_mum((n + 1) * PHI + (uint64_t)i * 0xd1b54a32d192ed03ull, PHI | 1)
			| 1;
}

void hash_seed_init(struct hash_seed *seed) {
	if (getrandom(seed->k, sizeof(seed->k), 0) == (ssize_t)sizeof(seed->k)) {
		for (int i = 0; i < 4; i++)
			seed->k[i] |= 1;
		return;
	}
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	hash_seed_fixed(seed, (uint64_t)ts.tv_nsec * PHI ^ (uint64_t)ts.tv_sec ^ (uintptr_t)seed);
}

uint64_t hash_bytes(const struct hash_seed *s, const void *data, uint64_t len) {
	const uint8_t *p = data;
	uint64_t h = len ^ s->k[0];
	uint64_t w[2];
	for (; len >= sizeof(w); len -= sizeof(w), p += sizeof(w)) {
		memcpy(w, p, sizeof(w));
		h = hash_mum(w[0] ^ s->k[1], w[1] ^ h);
	}
	memset(w, 0, sizeof(w));
	memcpy(w, p, len);
	return hash_mum(hash_mum(w[0] ^ s->k[2], w[1] ^ h) ^ s->k[3], PHI);
}
