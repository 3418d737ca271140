// Reads numbers as Suricata does: binary ones of either order, digits as strtoull reads them, with
// white space and a sign ahead. Arithmetic is modulo 2^64, jumps are in two's complement.

#include "verify_bytes.h"

struct number {
	uint64_t value;
	uint32_t behind; // where what was read ends
};

static unsigned digit_of(uint8_t c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10u;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10u : 16;
}

static bool is_space(uint8_t c) {
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
read_digits(const uint8_t *octets, uint32_t at, uint32_t end, uint32_t base, struct number *n) {
	while (at < end && is_space(octets[at]))
		at++;
	bool minus = at < end && octets[at] == '-';
	if (at < end && (octets[at] == '-' || octets[at] == '+'))
		at++;
	if (base == 16 && end - at > 2 && octets[at] == '0' && (octets[at + 1] | 0x20) == 'x'
	    && digit_of(octets[at + 2]) < 16)
		at += 2;
	uint32_t first = at;
	uint64_t value = 0;
	for (unsigned digit; at < end && (digit = digit_of(octets[at])) < base; at++) {
		if (__builtin_mul_overflow(value, base, &value)
		    || __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*n = (struct number){minus ? -value : value, at};
	return at > first;
}

static uint64_t read_binary(const struct snort_byte *b, const uint8_t *octets) {
	uint64_t value = 0;
	for (uint32_t i = 0; i < b->octets; i++) {
		uint32_t next = b->flags & SNORT_BYTE_LITTLE ? b->octets - 1 - i : i;
		value = value << 8 | octets[next];
	}
	return value;
}

// `end` of what may be read, counted from `at`.
static bool read_number(
	const struct snort_byte *b, const uint8_t *octets, uint32_t at, uint32_t end,
	struct number *n
) {
	if (b->flags & SNORT_BYTE_STRING) {
		if (!read_digits(octets, at, end, b->base, n))
			return false;
	} else {
		*n = (struct number){read_binary(b, &octets[at]), at + b->octets};
	}
	if (b->mask != 0)
		n->value = (n->value & b->mask) >> __builtin_ctzll(b->mask);
	return true;
}

// Where the number begins; VERIFY_NOWHERE when it is not all in the payload.
static uint32_t start_of(const struct snort_byte *b, uint32_t len, uint32_t base) {
	int64_t at = (int64_t)base + b->offset;
	if (at < 0 || at + b->octets > len || (at == len && (b->flags & SNORT_BYTE_RELATIVE)))
		return VERIFY_NOWHERE;
	return (uint32_t)at;
}

static bool compare(enum snort_byte_op op, uint64_t number, uint64_t value) {
	switch (op) {
	case SNORT_BYTE_LESS:
		return number < value;
	case SNORT_BYTE_LESS_EQUAL:
		return number <= value;
	case SNORT_BYTE_EQUAL:
		return number == value;
	case SNORT_BYTE_GREATER_EQUAL:
		return number >= value;
	case SNORT_BYTE_GREATER:
		return number > value;
	case SNORT_BYTE_AND:
		return (number & value) != 0;
	case SNORT_BYTE_XOR:
		return (number ^ value) != 0;
	}
	return false;
}

bool verify_bytes_test(const struct snort_byte *b, const struct verify_input *in, uint32_t base) {
	struct number n;
	uint32_t at = start_of(b, in->len, base);
	if (at == VERIFY_NOWHERE)
		return false;
	uint32_t end = at + b->octets;
	if (b->octets == 0)
		end = in->len - at > VERIFY_DIGITS_MAX ? at + VERIFY_DIGITS_MAX : in->len;
	if (!read_number(b, in->payload, at, end, &n))
		return false;
	return compare(b->op, n.value, b->value) != ((b->flags & SNORT_BYTE_NEGATED) != 0);
}

uint32_t
verify_bytes_jump(const struct snort_byte *b, const struct verify_input *in, uint32_t base) {
	uint32_t at = start_of(b, in->len, base);
	struct number n = {0, at};
	if (at == VERIFY_NOWHERE)
		return VERIFY_NOWHERE;
	if (b->octets != 0 && !read_number(b, in->payload, at, at + b->octets, &n))
		return VERIFY_NOWHERE;
	uint64_t by = n.value * b->multiplier;
	if (b->flags & SNORT_BYTE_ALIGN)
		by = (by + 3) & ~(uint64_t)3;
	by += (uint64_t)(int64_t)b->post_offset;
	uint32_t start = n.behind;
	if (b->flags & SNORT_BYTE_FROM_BEGINNING)
		start = 0;
	else if (b->flags & SNORT_BYTE_FROM_END)
		start = in->len;
	int64_t to;
	if (__builtin_add_overflow((int64_t)by, start, &to) || to >= in->len)
		return VERIFY_NOWHERE;
	return to < 0 ? 0 : (uint32_t)to;
}
