// What an alert asks of a counter: that it is above or below a number, or what the same counter was on the
// average before. Judged in whole numbers, so that no rounding decides.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Counters of a record that can be asked for.
enum measure {
	MEASURE_PACKETS,
	MEASURE_BYTES,
	MEASURE_FRAME_BYTES,
	MEASURE_MATCHES,
	MEASURE_REV_PACKETS, // of records of both directions: the other one's
	MEASURE_REV_BYTES,
	MEASURE_REV_FRAME_BYTES,
	MEASURE_COUNT,
};

// As records name them. NULL for a number that is none.
const char *measure_name(enum measure m);

// Whether only records of both directions have it.
static inline bool measure_is_back(enum measure m) {
	return m >= MEASURE_REV_PACKETS && m <= MEASURE_REV_FRAME_BYTES;
}

enum compare {
	COMPARE_ABOVE,
	COMPARE_AT_LEAST,
	COMPARE_BELOW,
	COMPARE_AT_MOST,
	COMPARE_COUNT,
};

// ">", ">=", "<", "<=". NULL for a number that is none.
const char *compare_sign(enum compare c);

#define CONDITION_WINDOWS_MAX 1000
#define CONDITION_FACTOR_MAX 1000000000 // thousandths
#define CONDITION_NUMBER_MAX (1ull << 60)

// MEASURE COMPARE factor * mean(windows) + number
struct condition {
	uint32_t measure; // enum measure
	uint32_t compare; // enum compare
	uint32_t factor; // of the mean, in thousandths
	uint32_t windows; // that the mean is of; 0: there is none
	uint64_t number;
};

// A number for people, rounded down.
struct decimal {
	uint64_t whole;
	uint32_t thousandths;
};

// Whether `value` meets it; `total` is the sum over the windows that the mean is of.
bool condition_holds(const struct condition *c, uint64_t value, uint64_t total);

// What the counter is compared with, and the mean in it (0 where there is none).
struct decimal condition_threshold(const struct condition *c, uint64_t total);
struct decimal condition_mean(const struct condition *c, uint64_t total);

// Whether being met means that there was much: then a part of a window is enough to know it.
static inline bool condition_wants_more(const struct condition *c) {
	return c->compare == COMPARE_ABOVE || c->compare == COMPARE_AT_LEAST;
}
