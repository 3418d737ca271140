// Packing: what comes back is what went in, and what was not packed here is refused.

#include "state/pack.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static uint8_t octets[STATE_CHUNK], back[STATE_CHUNK];

static struct state_pack *new_pack(void) {
	struct err err = {0};
	struct state_pack *p = state_pack_new(&err);
	cr_assert_not_null(p, "%s", err.text);
	return p;
}

// How many octets they are packed to.
static int there_and_back(struct state_pack *p, uint32_t len) {
	const void *packed;
	struct err err = {0};
	int n = state_pack(p, octets, len, &packed, &err);
	cr_assert_gt(n, 0, "%s", err.text);
	memset(back, 0xaa, sizeof(back));
	cr_assert_eq(state_unpack(p, packed, (uint32_t)n, back), (int)len);
	cr_assert_eq(memcmp(octets, back, len), 0);
	return n;
}

static void fill_random(void) {
	uint64_t x = 88172645463325252;
	for (uint32_t i = 0; i < sizeof(octets); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		octets[i] = (uint8_t)x;
	}
}

Test(pack, what_comes_back_is_what_went_in) {
	struct state_pack *p = new_pack();
	cr_expect_lt(there_and_back(p, STATE_CHUNK), 1000, "of zeros nothing is left");
	fill_random();
	cr_expect_geq(there_and_back(p, STATE_CHUNK), (int)STATE_CHUNK, "chance cannot be packed");
	there_and_back(p, 8);
	there_and_back(p, 1);
	state_pack_free(p);
}

Test(pack, what_is_cut_or_changed_is_refused) {
	struct state_pack *p = new_pack();
	static uint8_t packed[2 * STATE_CHUNK];
	const void *from;
	struct err err = {0};
	int n = state_pack(p, octets, 4096, &from, &err);
	cr_assert_gt(n, 0);
	memcpy(packed, from, (size_t)n);
	for (int len = 0; len < n; len++)
		cr_expect_eq(state_unpack(p, packed, (uint32_t)len, back), -EBADMSG, "%d", len);
	packed[0] ^= 1;
	cr_expect_eq(state_unpack(p, packed, (uint32_t)n, back), -EBADMSG);
	state_pack_free(p);
}

// As a file may say that was made to be unpacked.
Test(pack, what_is_more_than_a_buffer_is_refused) {
	struct state_pack *p = new_pack();
	static uint8_t twice[2 * STATE_CHUNK];
	const void *from;
	struct err err = {0};
	for (uint32_t i = 0, at = 0; i < 2; i++) {
		int n = state_pack(p, octets, STATE_CHUNK, &from, &err);
		cr_assert_gt(n, 0);
		memcpy(twice + at, from, (size_t)n);
		at += (uint32_t)n;
		cr_expect_eq(
			state_unpack(p, twice, at, back), i == 0 ? (int)STATE_CHUNK : -EBADMSG
		);
	}
	state_pack_free(p);
}
