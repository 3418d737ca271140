// Defragmentation from inside.
#pragma once

#include "packet/defrag.h"
#include "packet/defrag_table.h"

#define IPV4_LEN 20
#define IPV6_LEN 40
#define DEFRAG_LENGTH_MAX 65535 // of an IPv4 packet, and of what follows an IPv6 header

struct defrag {
	struct defrag_table table;
	uint32_t fragments_max;
	uint32_t tunnels;
	uint8_t out[DEFRAG_PACKET_MAX]; // the packet given out last
};
