// A part of a direction's stream: what it was scanned for in one group of one set.
#pragma once

#include "stream_pool_group.h"
#include "stream_pool_states.h"

struct stream_part {
	struct stream_part *next; // owned; of the same era or a newer one
	struct pool_group *group; // NULL: none, and only in a stream without parts
	union {
		hs_stream_t *live; // owned
		char *packed; // owned; where packed_octets is not 0
	};
	struct stream_states *states; // owned
	uint32_t packed_octets;
	uint32_t behind; // octets scanned since a later era's set is looked for as well
};
