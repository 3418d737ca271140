// What makes a flow in alerts: addresses, ports and protocol with VLAN tags and VNI, the same for both
// directions, as a key and as the number `flow_id`.
#pragma once

#include "packet/flow_key.h"

// The key with everything else zero and the lower (address, port) for its source.
void flow_id_key(struct flow_key *to, const struct flow_key *key);

// 1 .. 2^53 - 1: what every JSON reader takes for an integer. The same in every run, on every machine.
uint64_t flow_id(const struct flow_key *key);
