// Makes the header of a packet, and the flow around it, that a rule's conditions hold on; the payload
// is rule_payload.h's.
#pragma once

#include "match/detect/detect_packet.h"
#include "match/snort/snort_rule.h"

struct rule_packet {
	struct flow_key key;
	struct detect_flow flow; // without storage for flowbits
	struct detect_packet in; // points to both
};

// False: the rule contradicts itself, or is beyond this. `p` must not move afterwards.
bool rule_packet_make(const struct snort_rule *rule, struct rule_packet *p);
