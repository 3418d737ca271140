// What a rule or the TCP table wants of a packet's IP header, which the parser does not keep: found
// again from the payload backwards, by what the key says of it.
#pragma once

#include "packet/flow_key.h"
#include "packet/packet.h"

#include <stdint.h>

struct inspect_ip {
	int16_t ttl; // -1: not found
	uint32_t payload_len; // by the IP length: what was captured, and what the snap length cut
};

// `data` is the frame's first octet, of which `len` follow each other. `want_ttl` or a packet that was
// cut short make it look for the header; otherwise nothing is read.
void inspect_ip_find(
	struct inspect_ip *ip, const struct packet *p, const struct flow_key *key,
	const uint8_t *data, uint32_t len, int want_ttl
);
