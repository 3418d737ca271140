// What the parser inside XDP is told, and what it finds out about a frame.
#pragma once

#include "packet/flow_key.h"
#include "packet/verdict.h"

#include <stdint.h>

// An option beside the tunnels: read the general path's octets in place, which takes half the time. The
// verifier wants CAP_PERFMON for it, because such pointers vary.
#define PARSE_DIRECT (1u << 31)

// What there is to know of a frame; 80 octets, on the caller's stack or in a map. The key is all
// zeros, but for in_port, where `reason` is not REASON_NONE.
struct parsed {
	union {
		struct flow_key key; // `hash` is 0
		uint64_t word[8]; // the same; written in whole words, to be read so
	};
	uint32_t ip_len; // innermost IP packet's length by its own header; 0 where there is none
	uint32_t fragment_id; // where `fragment`
	uint8_t reason; // enum reason: none, malformed or non_ip (reason_verdict)
	uint8_t tcp_flags; // CWR..FIN; 0 for other protocols
	uint8_t fragment; // 1: the innermost IP datagram is fragmented
	uint8_t later; // 1: and this is not its first fragment
	uint32_t fill;
};
