// A number that stands for many octets, the same in every run: whether what was saved is about what there
// is today. No protection against anybody.
#pragma once

#include "base/hash.h"

#include <stdint.h>
#include <string.h>

struct digest {
	struct hash_seed seed;
	uint64_t sum;
};

static inline void digest_init(struct digest *d) {
	hash_seed_fixed(&d->seed, 17);
	d->sum = 1;
}

static inline void digest_add(struct digest *d, const void *octets, uint64_t len) {
	uint64_t h = len > 0 ? hash_bytes(&d->seed, octets, len) : 0;
	d->sum = hash_4(&d->seed, d->sum, h, len, 0);
}

static inline void digest_number(struct digest *d, uint64_t number) {
	d->sum = hash_4(&d->seed, d->sum, number, 0, 1);
}

// NULL is told from "".
static inline void digest_text(struct digest *d, const char *text) {
	digest_number(d, text != NULL);
	if (text != NULL)
		digest_add(d, text, strlen(text));
}
