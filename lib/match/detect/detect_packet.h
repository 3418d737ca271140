// What the rule engine is told about one packet and about the flow that it belongs to, as far as its
// caller knows.
#pragma once

#include "packet/flow_key.h"

#include <stdbool.h>
#include <stdint.h>

enum detect_dir {
	DETECT_DIR_UNKNOWN,
	DETECT_TO_SERVER,
	DETECT_TO_CLIENT,
};
#define DETECT_DIRS 3u

enum detect_state {
	DETECT_STATE_UNKNOWN,
	DETECT_ESTABLISHED, // both sides were seen; TCP: the handshake is done
	DETECT_NOT_ESTABLISHED,
};

// What nobody knows hinders no rule where a single packet may well be such a one: an unknown direction
// fits to_server and to_client; an unknown state fits established and not_established, but that a
// TCP packet with SYN is part of no established connection, and one with ACK and without SYN of one.
// What only a memory of the flow could tell is not so: without octet counts no stream_size holds, and
// without storage no flowbit is ever set.
struct detect_flow {
	uint8_t dir; // of this packet: enum detect_dir
	uint8_t state; // enum detect_state
	bool sized; // the two counts are known
	uint64_t server_octets, client_octets; // of payload each side sent, with this packet
	// The flow's storage for flowbits, detect_flow_words() of them, zero when the flow began. The
	// only thing here that detect_run changes. NULL: there is none.
	uint64_t *bits;
};

struct detect_packet {
	const struct flow_key *key; // unmasked
	const struct detect_flow *flow; // NULL: all is unknown
	const uint8_t *payload; // may be NULL when `len` is 0
	uint32_t len; // what is beyond DETECT_PAYLOAD_MAX is not looked at
	int64_t time_us; // event time
	int16_t ttl; // -1: not known, as the next
	int16_t tcp_flags;
};

#define DETECT_PAYLOAD_MAX 65535u
