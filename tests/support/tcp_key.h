// Flow keys of TCP packets, and the keys of packets that answer them.
#pragma once

#include "packet/flow_key.h"

#include <string.h>

static inline struct flow_key tcp_key(uint32_t client, uint16_t port) {
	struct flow_key k = {.flags = KEY_V4, .proto = 6, .src_port = port, .dst_port = 80};
	memcpy(k.src4, &client, 4);
	memcpy(k.dst4, (uint8_t[]){192, 0, 2, 80}, 4);
	return k;
}

static inline void tcp_key_swap(struct flow_key *k) {
	uint16_t port = k->src_port;
	uint8_t addr[16];
	k->src_port = k->dst_port;
	k->dst_port = port;
	memcpy(addr, k->src4, 4);
	memcpy(k->src4, k->dst4, 4);
	memcpy(k->dst4, addr, 4);
	memcpy(addr, k->src6, 16);
	memcpy(k->src6, k->dst6, 16);
	memcpy(k->dst6, addr, 16);
}
