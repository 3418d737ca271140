// What a condition is compiled to: tests, each of which leads to another or to the answer.
#pragma once

#include "flow/flow_value.h"

#include <stdbool.h>
#include <stdint.h>

// Where a test may lead beside other tests.
#define WHERE_NO (-1)
#define WHERE_YES (-2)

// Both ends belong to it; low > high: nothing does.
struct where_range {
	__uint128_t low, high;
	uint8_t family; // as struct flow_value has it: a value of another one is not in it
};

struct where_test {
	uint8_t field; // enum field
	bool inverted; // holds where the field is there and in none of the ranges
	int16_t next[2]; // where it does not hold, and where it does
	uint32_t first; // of its ranges
	uint32_t n;
};

struct where {
	struct where_test *test; // owned
	struct where_range *range; // owned
	int16_t entry;
};
