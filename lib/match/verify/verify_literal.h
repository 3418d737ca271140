// Every occurrence of a literal, overlapping ones too, in time linear in what is searched: the C
// library's search from one to the next, and the literal's period where two may overlap.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct verify_literal {
	uint8_t *octets; // owned; in lower case if nocase
	uint32_t len; // at least 1
	uint32_t period; // occurrences are at least so far apart
};

// A copy of the octets, lowered if `nocase`. Returns 0 or -ENOMEM.
int verify_literal_init(struct verify_literal *l, const uint8_t *octets, uint32_t len, bool nocase);
void verify_literal_fini(struct verify_literal *l);

// Where the first occurrence within from..end begins, or VERIFY_NOWHERE.
uint32_t verify_literal_first(
	const struct verify_literal *l, const uint8_t *octets, uint32_t from, uint32_t end
);

// The first one behind that at `at`.
uint32_t verify_literal_next(
	const struct verify_literal *l, const uint8_t *octets, uint32_t at, uint32_t end
);
