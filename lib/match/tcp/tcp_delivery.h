// What one packet, or the end of a flow, did: the octets that came into order and what else there is
// to say. A consumer walks the spans in order and begins its stream anew where one says `restart`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct tcp_block;
struct tcp_flow;

// Octets of one direction, in order and once. They lie in the packet or in the table's memory.
struct tcp_span {
	const uint8_t *data;
	uint64_t offset; // in the direction's stream, whose first octet is 0
	uint64_t skipped; // octets given up directly ahead of it
	const struct tcp_block *from; // that held them, and knows their packet; NULL: nobody did
	uint32_t len; // 0: there is only a gap to tell of
	uint8_t dir;
	bool restart; // does not go on where the span before it ended
};

enum tcp_event {
	TCP_OPENED = 1 << 0,
	TCP_PICKED_UP = 1 << 1, // opened without its start
	TCP_REUSED = 1 << 2, // a flow of the same ends was closed for this one
	TCP_NOT_TAKEN = 1 << 3, // no flow, see `octets` of the stats for why; `flow` is NULL
	TCP_HELD = 1 << 4, // octets wait for what is ahead of them
	TCP_OVERFLOW = 1 << 5, // a hole was given up for want of room
	TCP_GAP = 1 << 6, // a hole was given up, for whatever reason
	TCP_AGAIN = 1 << 7, // octets that had come before
	TCP_CONFLICT = 1 << 8, // octets that had come before, and were others
	TCP_KEEP_ALIVE = 1 << 9,
	TCP_RESET = 1 << 10, // a RST that counts
	TCP_IGNORED_RST = 1 << 11,
	TCP_IGNORED_SYN = 1 << 12,
	TCP_REVIVED = 1 << 13, // a direction that had ended goes on: that end was none
	TCP_MOVED = 1 << 14, // a direction goes on at another sequence number
	// Octets of this packet are neither in the stream nor known to be: whoever wants to miss
	// nothing scans the packet by itself.
	TCP_SCAN_ALONE = 1 << 15,
};

struct tcp_delivery {
	struct tcp_flow *flow; // NULL: no state was made
	const struct tcp_span *span;
	uint32_t spans;
	uint32_t events; // enum tcp_event
	uint8_t dir; // of the packet
	uint8_t ended; // 1 << direction, of those that ended behind these spans: FIN or RST
};
