// The key fields a stream may use, by number and by the name that configuration and records share. All
// but the last are a packet's; that one makes a stream count match events.
#pragma once

#include <stdint.h>

enum field {
	FIELD_SRC_IP,
	FIELD_DEST_IP,
	FIELD_SRC_PORT,
	FIELD_DEST_PORT,
	FIELD_PROTO,
	FIELD_VLAN,
	FIELD_VLAN_INNER,
	FIELD_MPLS,
	FIELD_VNI,
	FIELD_TOS,
	FIELD_IN_PORT,
	FIELD_ICMP_TYPE,
	FIELD_ICMP_CODE,
	FIELD_RULE, // of an event: not in struct flow_key, and behind all that are
	FIELD_COUNT,
};

// A set of fields is a uint32_t, bit N for field N.
#define FIELD_BIT(f) (1u << (f))
#define FIELD_SET_ALL (FIELD_BIT(FIELD_COUNT) - 1)

// NULL for a number that is no field.
const char *field_name(enum field f);

// FIELD_COUNT for a name that is no field.
enum field field_by_name(const char *name);
