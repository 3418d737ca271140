// Records of inspection itself, as they are written and read.
#pragma once

#include "inspect_stats.h"
#include "match/stream/stream_pool_save.h"
#include "match/tcp/tcp_save.h"

#include <assert.h>
#include <stdint.h>

#define INSPECT_SAVED_VERSION 1

struct saved_inspect {
	int64_t newest_us;
	int64_t horizon_us;
	uint64_t n_tcp;
	struct inspect_stats stats; // levels included
};
static_assert(sizeof(struct saved_inspect) == 24 + sizeof(struct inspect_stats));

struct saved_connection {
	struct tcp_saved tcp;
	uint64_t set; // digest of what its streams were scanned for
	uint64_t names; // what its bits mean
	uint8_t stream[2]; // enum stream_saved
	uint8_t words; // of bits; they follow
	uint8_t zero[5];
};
static_assert(sizeof(struct saved_connection) == 176);
