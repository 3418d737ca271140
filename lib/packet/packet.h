// A packet: a pointer, lengths, a time and a handle, and what the stages found out about it. One
// cache line; it never says which backend it came from.
#pragma once

#include "base/cache.h"

#include <assert.h>
#include <stdint.h>

struct flow_row;

enum packet_flag {
	PACKET_LATE = 1 << 0, // behind its input's newest time by more than the lateness
	PACKET_FRAGMENT = 1 << 1, // the innermost IP datagram is fragmented
	PACKET_TCP = 1 << 2, // `tcp_flags` was read
	PACKET_V6 = 1 << 3, // the innermost IP header is IPv6
	// a datagram around the innermost one, of a tunnel, is fragmented: its first fragment
	PACKET_CARRIER_FRAGMENT = 1 << 4,
};

struct packet {
	// written by the source
	const uint8_t *data; // first octet of the frame; valid until release
	uint64_t handle; // the source's, opaque to everybody else
	int64_t time_us; // capture time, UTC
	uint32_t head_len; // octets readable at `data`
	uint32_t cap_len; // octets captured; more than head_len when in several segments (gather)
	uint32_t wire_len; // octets the frame had on the wire
	// written by the parser
	uint32_t payload_off : 24; // from the frame's first octet; <= cap_len
	uint32_t l4_len : 8; // octets of the whole L4 header directly ahead of it; 0: none, or cut
	uint32_t payload_len; // captured octets within the IP length; 0: none
	uint32_t ip_len; // innermost IP packet's length by its own header (contract: `bytes`)
	// written by the parser and by later stages
	uint16_t matches; // match events; more are in `row` already; 0 from the parser
	uint8_t verdict; // enum verdict
	uint8_t reason; // enum reason
	uint8_t link; // enum link, by the source
	uint8_t flags; // enum packet_flag
	uint8_t tcp_flags; // CWR..FIN
	uint8_t in_port; // index of the input device in the configuration, by the source
	union {
		uint64_t
			fragment_id; // with PACKET_FRAGMENT: the datagram's identification; by the parser
		int64_t newest_us; // between receiver and worker (pipeline/lane.h)
		struct flow_row *row; // where to count it; by the track stage
	};
};

static_assert(sizeof(struct packet) == CACHE_LINE);
