// A set of places in a payload, 0 up to its length, as bits. What a chain of relative tests may count
// from is such a set, so that no place is tried twice.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct verify_places {
	uint64_t *words; // the scratch's
	uint32_t n_words; // for the payload at hand
};

#define VERIFY_NOWHERE UINT32_MAX

// For a payload of `len` octets.
static inline uint32_t verify_places_words(uint32_t len) {
	return len / 64 + 1;
}

static inline void verify_places_clear(struct verify_places *s, uint32_t len) {
	s->n_words = verify_places_words(len);
	memset(s->words, 0, s->n_words * sizeof(*s->words));
}

static inline void verify_places_add(struct verify_places *s, uint32_t place) {
	s->words[place / 64] |= (uint64_t)1 << place % 64;
}

static inline void verify_places_remove(struct verify_places *s, uint32_t place) {
	s->words[place / 64] &= ~((uint64_t)1 << place % 64);
}

// The first one at `from` or behind, or VERIFY_NOWHERE.
static inline uint32_t verify_places_next(const struct verify_places *s, uint32_t from) {
	uint32_t w = from / 64;
	if (w >= s->n_words)
		return VERIFY_NOWHERE;
	uint64_t word = s->words[w] & ~(uint64_t)0 << from % 64;
	while (word == 0) {
		if (++w == s->n_words)
			return VERIFY_NOWHERE;
		word = s->words[w];
	}
	return w * 64 + (uint32_t)__builtin_ctzll(word);
}

// The last one, or VERIFY_NOWHERE.
static inline uint32_t verify_places_last(const struct verify_places *s) {
	for (uint32_t w = s->n_words; w-- > 0;) {
		if (s->words[w] != 0)
			return w * 64 + 63 - (uint32_t)__builtin_clzll(s->words[w]);
	}
	return VERIFY_NOWHERE;
}
