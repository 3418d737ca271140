// Lists of flows by index, so that a flow goes in and out in a few stores wherever it stands.
#pragma once

#include <stdint.h>

struct tcp_link {
	uint32_t before; // index of a flow; 0: none
	uint32_t behind;
};

struct tcp_list {
	uint32_t first;
	uint32_t last;
};
