// How much of its addresses a key leaves out, so that networks can be keys. Beside a set of fields; zero
// says that addresses are whole.
#pragma once

#include "base/field.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define KEY_CUT_V4 32
#define KEY_CUT_V6 128

// Low bits that are left out, by FIELD_SRC_IP and FIELD_DEST_IP; never all of them.
struct key_cut {
	uint8_t v4[2]; // of 32
	uint8_t v6[2]; // of 128
};

static_assert(FIELD_SRC_IP == 0 && FIELD_DEST_IP == 1);

static inline bool key_cut_has(const struct key_cut *cut, enum field f) {
	return f <= FIELD_DEST_IP && (cut->v4[f] > 0 || cut->v6[f] > 0);
}

static inline bool key_cut_any(const struct key_cut *cut) {
	return key_cut_has(cut, FIELD_SRC_IP) || key_cut_has(cut, FIELD_DEST_IP);
}

// What is left of an address.
static inline uint8_t key_cut_prefix(const struct key_cut *cut, enum field f, bool v6) {
	return v6 ? KEY_CUT_V6 - cut->v6[f] : KEY_CUT_V4 - cut->v4[f];
}

// `fields` and `to` become the finer of two keys: what is needed to tell apart what either does.
static inline void
key_cut_refine(struct key_cut *to, uint32_t *fields, const struct key_cut *cut, uint32_t more) {
	for (enum field f = FIELD_SRC_IP; f <= FIELD_DEST_IP; f++) {
		if (!(more & FIELD_BIT(f)))
			continue;
		bool fresh = !(*fields & FIELD_BIT(f));
		if (fresh || cut->v4[f] < to->v4[f])
			to->v4[f] = cut->v4[f];
		if (fresh || cut->v6[f] < to->v6[f])
			to->v6[f] = cut->v6[f];
	}
	*fields |= more;
}
