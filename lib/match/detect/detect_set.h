// A set of small numbers that is filled in any order and emptied in rising order: bits, and above them
// a bit for each word that is not empty.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct detect_set {
	uint64_t *words; // owned; the summary follows
	uint64_t *summary; // bit N: words[N] is not empty
	uint32_t n_summary;
};

// For numbers below `n`. Returns 0 or -ENOMEM.
static inline int detect_set_init(struct detect_set *s, uint32_t n) {
	uint32_t n_words = n / 64 + 1;
	s->n_summary = n_words / 64 + 1;
	s->words = calloc((size_t)n_words + s->n_summary, sizeof(*s->words));
	s->summary = s->words != NULL ? &s->words[n_words] : NULL;
	return s->words != NULL ? 0 : -ENOMEM;
}

static inline void detect_set_fini(struct detect_set *s) {
	free(s->words);
}

static inline void detect_set_add(struct detect_set *s, uint32_t n) {
	s->words[n / 64] |= (uint64_t)1 << n % 64;
	s->summary[n / 4096] |= (uint64_t)1 << n / 64 % 64;
}

// Takes the smallest number out. `at` is 0 at first and kept between calls; nothing may be added
// meanwhile. False: the set is empty.
static inline bool detect_set_take(struct detect_set *s, uint32_t *at, uint32_t *n) {
	for (; *at < s->n_summary; (*at)++) {
		uint64_t *summary = &s->summary[*at];
		if (*summary == 0)
			continue;
		uint32_t w = *at * 64 + (uint32_t)__builtin_ctzll(*summary);
		*n = w * 64 + (uint32_t)__builtin_ctzll(s->words[w]);
		s->words[w] &= s->words[w] - 1;
		if (s->words[w] == 0)
			*summary &= *summary - 1;
		return true;
	}
	return false;
}
