// A set of octets: what may stand at one place of a stream.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct octet_set {
	uint64_t bits[4];
};

#define OCTET_SET_ANY                                                      \
	(struct octet_set) {                                               \
		.bits = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } \
	}

static inline void octet_set_add(struct octet_set *s, uint8_t octet) {
	s->bits[octet >> 6] |= (uint64_t)1 << (octet & 63);
}

static inline bool octet_set_has(const struct octet_set *s, uint8_t octet) {
	return (s->bits[octet >> 6] >> (octet & 63) & 1) != 0;
}

static inline struct octet_set octet_set_and(struct octet_set a, struct octet_set b) {
	for (unsigned i = 0; i < 4; i++)
		a.bits[i] &= b.bits[i];
	return a;
}

static inline struct octet_set octet_set_or(struct octet_set a, struct octet_set b) {
	for (unsigned i = 0; i < 4; i++)
		a.bits[i] |= b.bits[i];
	return a;
}

static inline struct octet_set octet_set_not(struct octet_set s) {
	for (unsigned i = 0; i < 4; i++)
		s.bits[i] = ~s.bits[i];
	return s;
}

static inline bool octet_set_is_empty(struct octet_set s) {
	return (s.bits[0] | s.bits[1] | s.bits[2] | s.bits[3]) == 0;
}

static inline bool octet_set_is_any(struct octet_set s) {
	return (s.bits[0] & s.bits[1] & s.bits[2] & s.bits[3]) == UINT64_MAX;
}

static inline bool octet_set_within(struct octet_set a, struct octet_set b) {
	return octet_set_is_empty(octet_set_and(a, octet_set_not(b)));
}

static inline bool octet_set_meet(struct octet_set a, struct octet_set b) {
	return !octet_set_is_empty(octet_set_and(a, b));
}

// From `lo` to `hi`, both in it.
struct octet_set octet_set_range(uint8_t lo, uint8_t hi);

// With the other case of each ASCII letter in it.
struct octet_set octet_set_fold(struct octet_set s);

// The one octet, or with its other case.
struct octet_set octet_set_of(uint8_t octet, bool nocase);
