// How much of its memory a table uses.
#pragma once

#include <stdint.h>

struct tcp_usage {
	uint32_t flows; // in the table
	uint64_t held_octets; // of blocks that are taken
	uint64_t fixed_octets; // address space of all that the table has
};
