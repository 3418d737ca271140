// The TCP header as reassembly needs it, in network order: sequence numbers and flags. Ports are the
// flow key's.
#pragma once

#include "match/tcp/tcp_packet.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define TCP_HEADER_MIN 20u

// Reads seq, ack and flags at `data`, of which `len` octets may be read. Returns the header's length
// with its options, 20 to 60, or 0 when fewer than 20 octets are there or the header says that it is
// shorter than 20 (RFC 9293, 3.1). It may say that it is longer than `len`.
static inline uint32_t tcp_header_read(const uint8_t *data, uint32_t len, struct tcp_packet *to) {
	uint32_t seq, ack;
	if (len < TCP_HEADER_MIN)
		return 0;
	uint32_t octets = (uint32_t)(data[12] >> 4) * 4;
	if (octets < TCP_HEADER_MIN)
		return 0;
	memcpy(&seq, data + 4, sizeof(seq));
	memcpy(&ack, data + 8, sizeof(ack));
	to->seq = ntohl(seq);
	to->ack = ntohl(ack);
	to->flags = data[13];
	return octets;
}

// Whether a receiver would look at a packet with these flags at all: a RST without SYN or FIN, a SYN
// without FIN, or an ACK (RFC 9293, 3.10.7; Linux drops the rest unread).
static inline bool tcp_flags_sane(uint8_t flags) {
	if (flags & TCP_RST)
		return !(flags & (TCP_SYN | TCP_FIN));
	if (flags & TCP_SYN)
		return !(flags & TCP_FIN);
	return flags & TCP_ACK;
}
