// lib/match/verify/verify_literal.c: every occurrence, overlapping ones too.

#include "match/verify/verify_literal.h"

#include "match/verify/verify_places.h"

#include "dice.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

// Walks all of them within from..end and compares with looking at every place.
static void check(const struct verify_literal *l, const uint8_t *hay, uint32_t from, uint32_t end) {
	uint32_t at = verify_literal_first(l, hay, from, end);
	for (uint32_t i = from; i <= end; i++) {
		if (end - i < l->len || memcmp(&hay[i], l->octets, l->len) != 0)
			continue;
		cr_assert_eq(at, i, "%u instead of %u", at, i);
		at = verify_literal_next(l, hay, at, end);
	}
	cr_assert_eq(at, VERIFY_NOWHERE);
}

Test(verify_literal, finds_what_a_look_at_every_place_finds) {
	uint64_t seed = 4;
	uint8_t needle[12], hay[64];
	for (unsigned n = 0; n < 20000; n++) {
		uint32_t len = 1 + (uint32_t)(dice_next(&seed) % sizeof(needle));
		uint32_t letters = 1 + (uint32_t)(dice_next(&seed) % 3);
		uint32_t repeat = 1 + (uint32_t)(dice_next(&seed) % len);
		struct verify_literal l;
		for (uint32_t i = 0; i < len; i++)
			needle[i] = i < repeat ? (uint8_t)('a' + dice_next(&seed) % letters)
					       : needle[i - repeat];
		for (uint32_t i = 0; i < sizeof(hay); i++)
			hay[i] = i >= len && dice_next(&seed) % 8 != 0
				? hay[i - repeat]
				: (uint8_t)('a' + dice_next(&seed) % letters);
		cr_assert_eq(verify_literal_init(&l, needle, len, false), 0);
		uint32_t from = (uint32_t)(dice_next(&seed) % 8);
		uint32_t end = sizeof(hay) - (uint32_t)(dice_next(&seed) % 8);
		check(&l, hay, from, end);
		verify_literal_fini(&l);
	}
}

Test(verify_literal, the_period_is_the_smallest_shift_onto_itself) {
	static const struct {
		const char *text;
		uint32_t period;
	} t[] = {
		{"a", 1},     {"aaaa", 1}, {"abab", 2}, {"ababa", 2},
		{"abcab", 3}, {"abcd", 4}, {"aab", 3},
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct verify_literal l;
		const uint8_t *octets = (const uint8_t *)t[i].text;
		cr_assert_eq(
			verify_literal_init(&l, octets, (uint32_t)strlen(t[i].text), false), 0
		);
		cr_expect_eq(l.period, t[i].period, "%s: %u", t[i].text, l.period);
		verify_literal_fini(&l);
	}
}

Test(verify_literal, lowers_ascii_letters_only) {
	struct verify_literal l;
	static const uint8_t octets[] = "A\xc4Z@[`{";
	cr_assert_eq(verify_literal_init(&l, octets, 7, true), 0);
	cr_assert_eq(memcmp(l.octets, "a\xc4z@[`{", 7), 0);
	verify_literal_fini(&l);
}

// Were each occurrence searched for anew, this would take minutes.
Test(verify_literal, a_long_literal_in_a_payload_full_of_it, .timeout = 60) {
	enum {
		LEN = 8192,
		HAY = 65507
	};
	uint8_t *hay = malloc(HAY);
	memset(hay, 'a', HAY);
	struct verify_literal l;
	cr_assert_eq(verify_literal_init(&l, hay, LEN, false), 0);
	uint32_t n = 0;
	for (unsigned round = 0; round < 100; round++) {
		uint32_t at = verify_literal_first(&l, hay, 0, HAY);
		for (; at != VERIFY_NOWHERE; at = verify_literal_next(&l, hay, at, HAY))
			n++;
	}
	cr_assert_eq(n, 100u * (HAY - LEN + 1));
	verify_literal_fini(&l);
	free(hay);
}
