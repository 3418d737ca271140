// The key fields' names, in the order the contract lists them.

#include "field.h"

#include <string.h>

static const char *const names[FIELD_COUNT] = {
	[FIELD_SRC_IP] = "src_ip",
	[FIELD_DEST_IP] = "dest_ip",
	[FIELD_SRC_PORT] = "src_port",
	[FIELD_DEST_PORT] = "dest_port",
	[FIELD_PROTO] = "proto",
	[FIELD_VLAN] = "vlan",
	[FIELD_VLAN_INNER] = "vlan_inner",
	[FIELD_MPLS] = "mpls",
	[FIELD_VNI] = "vni",
	[FIELD_TOS] = "tos",
	[FIELD_IN_PORT] = "in_port",
	[FIELD_ICMP_TYPE] = "icmp_type",
	[FIELD_ICMP_CODE] = "icmp_code",
	[FIELD_RULE] = "rule",
};

const char *field_name(enum field f) {
	return (unsigned)f < FIELD_COUNT ? names[f] : NULL;
}

enum field field_by_name(const char *name) {
	enum field f = 0;
	while (f < FIELD_COUNT && strcmp(names[f], name) != 0)
		f++;
	return f;
}
