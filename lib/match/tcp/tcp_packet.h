// What reassembly is told about one TCP packet. Whoever calls has parsed it, and has decided what to
// do with packets whose checksum is wrong: everything that comes in here counts as sent.
#pragma once

#include "packet/flow_tuple.h"
#include "packet/tcp_flags.h"

#include <stdint.h>

// Where a packet's flow is looked for; one table's, made by tcp_table_prefetch, good for good.
struct tcp_place {
	struct flow_side side;
	uint32_t *bucket;
};

struct tcp_packet {
	const struct flow_key *key; // unmasked; read during the call only
	const struct tcp_place *place; // the key's; NULL: it was not fetched ahead
	const uint8_t *payload; // behind the TCP header; NULL only when `captured` is 0
	uint32_t captured; // octets readable at `payload`
	uint32_t length; // octets of payload by the IP length; more than captured: a snapped packet
	uint32_t seq; // of the packet, as in its header: a SYN's payload begins one later
	uint32_t ack; // meaningless without TCP_ACK
	uint8_t flags; // enum tcp_flag; urgent octets stay in line, as every common receiver has it
	int64_t time_us; // event time; may run backwards
	int64_t own_us; // its own, where `time_us` is what it was late against
	uint32_t number; // tells it from those before it
};
