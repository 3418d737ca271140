// Writes numbers: binary in either order, or digits with zeros ahead.

#include "rule_number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned shift_of(uint64_t mask) {
	unsigned n = 0;
	for (; mask != 0 && (mask & 1) == 0; mask >>= 1)
		n++;
	return n;
}

bool rule_number_put(
	struct rule_layout *l, const struct snort_byte *b, int64_t at, uint64_t value
) {
	uint8_t octets[32];
	uint32_t len = b->octets;
	if (b->flags & SNORT_BYTE_STRING) {
		char text[40];
		const char *fmt = b->base == 16 ? "%0*" PRIx64
			: b->base == 8          ? "%0*" PRIo64
						: "%0*" PRIu64;
		int n = snprintf(text, sizeof(text), fmt, (int)len, value);
		if (n > (int)sizeof(octets) || (len != 0 && n > (int)len))
			return false;
		len = (uint32_t)n;
		memcpy(octets, text, len);
	} else {
		if (len < 8 && value >> 8 * len != 0)
			return false;
		for (uint32_t i = 0; i < len; i++) {
			uint32_t from = b->flags & SNORT_BYTE_LITTLE ? i : len - 1 - i;
			octets[i] = (uint8_t)(value >> 8 * from);
		}
	}
	return rule_layout_put(l, at, octets, len, false);
}

bool rule_number_for_test(const struct snort_byte *b, uint32_t i, uint64_t *value) {
	const uint64_t tries[] = {
		b->value,
		b->value + 1,
		b->value - 1,
		0,
		1,
		~(uint64_t)0,
		b->value & ~(b->value - 1),
		b->value * 2,
		b->value / 2,
		0xff,
		0xffff,
		0xffffffff,
		7,
		0x30,
	};
	if (i >= sizeof(tries) / sizeof(tries[0]))
		return false;
	*value = tries[i] << shift_of(b->mask);
	if (!(b->flags & SNORT_BYTE_STRING) && b->octets < 8)
		*value &= ((uint64_t)1 << 8 * b->octets) - 1;
	return true;
}

int64_t rule_number_lands(const struct snort_byte *b, int64_t at, uint64_t value, int64_t len) {
	if (b->mask != 0)
		value = (value & b->mask) >> shift_of(b->mask);
	int64_t by = (int64_t)(value * b->multiplier);
	while ((b->flags & SNORT_BYTE_ALIGN) && by % 4 != 0)
		by++;
	by += b->post_offset;
	if (b->flags & SNORT_BYTE_FROM_BEGINNING)
		at = 0;
	else if (b->flags & SNORT_BYTE_FROM_END)
		at = len;
	else
		at += b->octets;
	return at + by < 0 ? 0 : at + by;
}
