// Internet checksums (RFC 1071) of what was captured: the sum itself, and what a packet's IPv4 header,
// TCP, UDP, ICMP and ICMPv6 checksums say. Any thread; nothing is kept.
#pragma once

#include "packet/flow_key.h"
#include "packet/packet.h"

#include <stdint.h>
#include <string.h>

enum checksum {
	CHECKSUM_OK,
	CHECKSUM_BAD, // whoever receives the packet drops it
	// As a sender leaves it for its network card to finish, and as receivers leave what they have
	// merged: the sum of the pseudo header, with the length or without; an IPv4 header's is 0.
	CHECKSUM_PARTIAL,
	// The IP packet is longer by its own header than what is around it, though nothing was snapped:
	// whoever receives it drops it, too.
	CHECKSUM_SHORT,
	CHECKSUM_UNKNOWN, // not all of it is here (snapped, a fragment), or its addresses are not the last
	CHECKSUM_NONE, // no checksum: UDP over IPv4 with 0, and protocols not looked at
	CHECKSUM_COUNT,
};

// "ok", "bad" ...; NULL for a number out of range.
const char *checksum_name(enum checksum c);

// Adds `len` octets to a sum of 16-bit words as they lie in memory; in parts only after an even number
// of octets. At most 2^32 octets fit a sum.
uint64_t checksum_add(uint64_t sum, const void *data, uint32_t len);

// The same for four octets, and for headers of few.
static inline uint64_t checksum_add_4(uint64_t sum, const void *data) {
	uint32_t w;
	memcpy(&w, data, sizeof(w));
	return sum + w;
}

// Folds a sum into 16 bits; as it lies in memory.
static inline uint16_t checksum_fold(uint64_t sum) {
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

// What goes into the checksum field, as it lies in memory.
static inline uint16_t checksum_finish(uint64_t sum) {
	return (uint16_t)~checksum_fold(sum);
}

// Checks the innermost IP packet of a frame that was counted or is late, with the key as the parser
// gave it. `data` is the frame's first octet, of which `len` follow each other (packets in several
// segments: gathered). The worst of IP header and L4 counts; of fragments only the header can be
// checked. SCTP, DCCP and UDP-Lite are CHECKSUM_NONE.
enum checksum checksum_packet(
	const struct packet *pkt, const struct flow_key *key, const uint8_t *data, uint32_t len
);
