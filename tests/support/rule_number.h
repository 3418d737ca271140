// What byte_test and byte_jump could read at a place of a payload that is being laid out.
#pragma once

#include "match/snort/snort_test.h"
#include "rule_layout.h"

// Decides the number's octets so that it reads as `value`, before any mask. False, with nothing
// changed, where that cannot be.
bool rule_number_put(struct rule_layout *l, const struct snort_byte *b, int64_t at, uint64_t value);

// The i-th value that a byte_test may be tried with, the most promising first; false: no more.
bool rule_number_for_test(const struct snort_byte *b, uint32_t i, uint64_t *value);

// Where a byte_jump that reads `value` at `at` lands in a payload of `len`.
int64_t rule_number_lands(const struct snort_byte *b, int64_t at, uint64_t value, int64_t len);
