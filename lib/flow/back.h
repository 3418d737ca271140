// The other direction of a record that covers both: what went from its destination to its source.
#pragma once

#include <stdint.h>

struct flow_back {
	uint64_t packets; // 0: nothing came back
	uint64_t bytes;
	uint64_t frame_bytes;
	uint8_t tcp_flags;
};
