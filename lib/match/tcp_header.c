// The TCP header: twenty octets in network order.

#include "tcp_header.h"

#define HEADER_MIN 20

static uint32_t be32(const uint8_t *p) {
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

uint32_t tcp_header_read(const uint8_t *data, uint32_t len, struct tcp_packet *to) {
	if (len < HEADER_MIN)
		return 0;
	uint32_t octets = (uint32_t)(data[12] >> 4) * 4;
	if (octets < HEADER_MIN)
		return 0;
	to->seq = be32(data + 4);
	to->ack = be32(data + 8);
	to->flags = data[13];
	return octets;
}
