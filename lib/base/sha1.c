// SHA-1, block by block, with the schedule of eighty words kept as a ring of sixteen: what it is used
// for is one block long.

#include "sha1.h"

#include <string.h>

#define BLOCK 64

static uint32_t rotate(uint32_t x, unsigned n) {
	return x << n | x >> (32 - n);
}

static uint32_t get_be32(const uint8_t *p) {
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *p, uint32_t v) {
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

// The word of round `t`, from 16 on made of earlier ones (FIPS 180-4, 6.1.3).
static uint32_t schedule(uint32_t w[16], unsigned t) {
	if (t >= 16)
		w[t & 15] = rotate(
			w[(t + 13) & 15] ^ w[(t + 8) & 15] ^ w[(t + 2) & 15] ^ w[t & 15], 1
		);
	return w[t & 15];
}

// The function and the constant of round `t` (4.1.1, 4.2.1).
static uint32_t mix(unsigned t, uint32_t b, uint32_t c, uint32_t d) {
	if (t < 20)
		return ((b & c) ^ (~b & d)) + 0x5a827999;
	if (t < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (t < 60)
		return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void add_block(uint32_t h[5], const uint8_t *block) {
	uint32_t w[16];
	for (int i = 0; i < 16; i++)
		w[i] = get_be32(block + 4 * i);
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	for (unsigned t = 0; t < 80; t++) {
		uint32_t next = rotate(a, 5) + mix(t, b, c, d) + e + schedule(w, t);
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void sha1(const void *data, size_t len, uint8_t digest[SHA1_LEN]) {
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	const uint8_t *p = data;
	size_t left = len;
	for (; left >= BLOCK; left -= BLOCK, p += BLOCK)
		add_block(h, p);
	// The rest, a one bit, zeros, and the length in bits at the end of a block (5.1.1).
	uint8_t tail[2 * BLOCK] = {0};
	if (left > 0)
		memcpy(tail, p, left);
	tail[left] = 0x80;
	size_t end = left + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
	put_be32(tail + end - 8, (uint32_t)((uint64_t)len >> 29));
	put_be32(tail + end - 4, (uint32_t)((uint64_t)len << 3));
	for (size_t at = 0; at < end; at += BLOCK)
		add_block(h, tail + at);
	for (int i = 0; i < 5; i++)
		put_be32(digest + 4 * i, h[i]);
}
