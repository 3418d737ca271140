// Both sides times a thousand and the number of windows are whole numbers, of less than 128 bits.

#include "condition.h"

#include <stddef.h>

typedef unsigned __int128 wide;

const char *measure_name(enum measure m) {
	static const char *const names[MEASURE_COUNT] = {
		[MEASURE_PACKETS] = "packets",
		[MEASURE_BYTES] = "bytes",
		[MEASURE_FRAME_BYTES] = "frame_bytes",
		[MEASURE_MATCHES] = "matches",
		[MEASURE_REV_PACKETS] = "rev_packets",
		[MEASURE_REV_BYTES] = "rev_bytes",
		[MEASURE_REV_FRAME_BYTES] = "rev_frame_bytes",
	};
	return (unsigned)m < MEASURE_COUNT ? names[m] : NULL;
}

const char *compare_sign(enum compare c) {
	static const char *const names[COMPARE_COUNT] = {
		[COMPARE_ABOVE] = ">",
		[COMPARE_AT_LEAST] = ">=",
		[COMPARE_BELOW] = "<",
		[COMPARE_AT_MOST] = "<=",
	};
	return (unsigned)c < COMPARE_COUNT ? names[c] : NULL;
}

static uint32_t scale(const struct condition *c) {
	return c->windows > 0 ? 1000 * c->windows : 1;
}

// factor * total + number, times the scale.
static wide right_side(const struct condition *c, uint64_t total) {
	wide mean = c->windows > 0 ? (wide)total * c->factor : 0;
	return mean + (wide)c->number * scale(c);
}

bool condition_holds(const struct condition *c, uint64_t value, uint64_t total) {
	wide left = (wide)value * scale(c), right = right_side(c, total);
	switch ((enum compare)c->compare) {
	case COMPARE_ABOVE:
		return left > right;
	case COMPARE_AT_LEAST:
		return left >= right;
	case COMPARE_BELOW:
		return left < right;
	default:
		return left <= right;
	}
}

static struct decimal divide(wide value, uint32_t by) {
	wide whole = value / by;
	return (struct decimal){
		.whole = whole < UINT64_MAX ? (uint64_t)whole : UINT64_MAX,
		.thousandths = (uint32_t)(value % by * 1000 / by),
	};
}

struct decimal condition_threshold(const struct condition *c, uint64_t total) {
	return divide(right_side(c, total), scale(c));
}

struct decimal condition_mean(const struct condition *c, uint64_t total) {
	return divide(total, c->windows > 0 ? c->windows : 1);
}
