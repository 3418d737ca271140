// What every fuzz target has: its entry, and what it does when a promise is broken.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Ends the process where a promise does not hold; replay.c and libFuzzer tell the input.
static inline void check(bool holds) {
	if (!holds)
		abort();
}

// Of a text of any octets; what is behind the last newline is one, too.
static inline uint64_t count_lines(const uint8_t *data, size_t size) {
	uint64_t n = 1;
	for (size_t i = 0; i < size; i++)
		n += data[i] == '\n';
	return n;
}
