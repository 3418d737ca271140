// The value of one field of a key, as a number: what conditions compare and what is counted as distinct.
#pragma once

#include "base/field.h"
#include "flow/rule_id.h"
#include "packet/flow_key.h"

#include <stdbool.h>
#include <stdint.h>

struct flow_value {
	__uint128_t number; // of an address: its octets, the first one highest
	uint8_t family; // KEY_V4 or KEY_V6 of an address, else 0
};

static inline __uint128_t flow_value_of_octets(const uint8_t *octets, uint32_t n) {
	__uint128_t number = 0;
	for (uint32_t i = 0; i < n; i++)
		number = number << 8 | octets[i];
	return number;
}

static inline struct flow_value
flow_value_of_address(const struct flow_key *k, const uint8_t *four, const uint8_t *six) {
	if (k->flags & KEY_V6)
		return (struct flow_value){flow_value_of_octets(six, 16), KEY_V6};
	return (struct flow_value){flow_value_of_octets(four, 4), KEY_V4};
}

// Whether the key has the field: fields are there or not as they are in records. A rule's value is its sid.
static inline bool flow_value_get(
	const struct flow_key *k, struct rule_id rule, enum field f, struct flow_value *value
) {
	*value = (struct flow_value){0};
	switch (f) {
	case FIELD_SRC_IP:
		*value = flow_value_of_address(k, k->src4, k->src6);
		return k->flags & (KEY_V4 | KEY_V6);
	case FIELD_DEST_IP:
		*value = flow_value_of_address(k, k->dst4, k->dst6);
		return k->flags & (KEY_V4 | KEY_V6);
	case FIELD_SRC_PORT:
		value->number = k->src_port;
		return true;
	case FIELD_DEST_PORT:
		value->number = k->dst_port;
		return true;
	case FIELD_PROTO:
		value->number = k->proto;
		return true;
	case FIELD_VLAN:
		value->number = k->vlan;
		return k->flags & KEY_VLAN;
	case FIELD_VLAN_INNER:
		value->number = flow_key_vlan_inner(k);
		return k->flags & KEY_VLAN_INNER;
	case FIELD_MPLS:
		value->number = flow_key_mpls(k);
		return k->flags & KEY_MPLS;
	case FIELD_VNI:
		value->number = k->vni;
		return k->flags & KEY_VNI;
	case FIELD_TOS:
		value->number = k->tos;
		return true;
	case FIELD_IN_PORT:
		value->number = k->in_port;
		return true;
	case FIELD_ICMP_TYPE:
		value->number = k->icmp_type;
		return k->flags & KEY_ICMP;
	case FIELD_ICMP_CODE:
		value->number = k->icmp_code;
		return k->flags & KEY_ICMP;
	case FIELD_RULE:
		value->number = rule.sid;
		return true;
	case FIELD_COUNT:
		break;
	}
	return false;
}
