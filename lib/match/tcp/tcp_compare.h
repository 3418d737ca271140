// What became of octets that were sent more than once.
#pragma once

#include <stdint.h>
#include <string.h>

struct tcp_compare {
	uint32_t fresh; // not seen before
	uint32_t same; // as they were
	uint32_t differ; // not as they were
};

// Adds `len` octets that are there twice.
static inline void
tcp_compare_add(struct tcp_compare *c, const uint8_t *first, const uint8_t *again, uint32_t len) {
	uint32_t differ = 0;
	if (memcmp(first, again, len) != 0) {
		for (uint32_t i = 0; i < len; i++)
			differ += first[i] != again[i];
	}
	c->same += len - differ;
	c->differ += differ;
}
