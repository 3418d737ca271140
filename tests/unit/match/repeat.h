// Text that is long because it says one thing often, for tests of bounds.
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// `what`, n times. Free with free.
static inline char *repeat(const char *what, uint32_t n) {
	size_t len = strlen(what);
	char *text = malloc(len * n + 1);
	for (uint32_t i = 0; i < n; i++)
		memcpy(&text[len * i], what, len);
	text[len * n] = '\0';
	return text;
}
