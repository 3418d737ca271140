// SHA-1 against the digests that FIPS 180 and RFC 3174 give, and at every length around a block's end.

#include "base/sha1.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const void *data, size_t len, const char *hex) {
	uint8_t digest[SHA1_LEN];
	char text[2 * SHA1_LEN + 1];
	sha1(data, len, digest);
	for (int i = 0; i < SHA1_LEN; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	cr_expect_str_eq(text, hex, "%zu octets: %s", len, text);
}

Test(sha1, gives_the_published_digests) {
	static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	expect("", 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	expect("abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
	expect(two, strlen(two), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	char *a = malloc(1000000);
	memset(a, 'a', 1000000);
	expect(a, 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	free(a);
}

Test(sha1, pads_right_at_every_length_around_a_block) {
	// Of so many letters a, where the padding needs a block of its own, just fits, or is a whole one.
	static const struct {
		size_t len;
		const char *hex;
	} cases[] = {
		{55, "c1c8bbdc22796e28c0e15163d20899b65621d65a"},
		{56, "c2db330f6083854c99d4b5bfb6e8f29f201be699"},
		{63, "03f09f5b158a7a8cdad920bddc29b81c18a551f5"},
		{64, "0098ba824b5c16427bd7a1122a5a442a25ec644d"},
		{65, "11655326c708d70319be2610e8a57d9a5b959d3b"},
		{119, "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56"},
		{120, "f34c1488385346a55709ba056ddd08280dd4c6d6"},
	};
	char a[128];
	memset(a, 'a', sizeof(a));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(a, cases[i].len, cases[i].hex);
}
