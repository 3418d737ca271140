// Names of verdicts and reasons, and which reason belongs to which verdict.

#include "verdict.h"

#include <stddef.h>

static const char *const verdicts[VERDICT_COUNT] = {
	[VERDICT_COUNTED] = "counted", [VERDICT_MALFORMED] = "malformed",
	[VERDICT_NON_IP] = "non_ip",   [VERDICT_FILTERED] = "filtered",
	[VERDICT_LATE] = "late",       [VERDICT_SHED] = "shed",
};

static const struct {
	const char *name;
	enum verdict verdict;
} reasons[REASON_COUNT] = {
	[REASON_NONE] = {NULL, VERDICT_COUNTED},
	[REASON_LINK_TRUNCATED] = {"link_truncated", VERDICT_MALFORMED},
	[REASON_VLAN_DEPTH] = {"vlan_depth", VERDICT_MALFORMED},
	[REASON_VLAN_TRUNCATED] = {"vlan_truncated", VERDICT_MALFORMED},
	[REASON_MPLS_TRUNCATED] = {"mpls_truncated", VERDICT_MALFORMED},
	[REASON_PPPOE_HEADER] = {"pppoe_header", VERDICT_MALFORMED},
	[REASON_IPV4_TRUNCATED] = {"ipv4_truncated", VERDICT_MALFORMED},
	[REASON_IPV4_HEADER] = {"ipv4_header", VERDICT_MALFORMED},
	[REASON_IPV6_TRUNCATED] = {"ipv6_truncated", VERDICT_MALFORMED},
	[REASON_IPV6_HEADER] = {"ipv6_header", VERDICT_MALFORMED},
	[REASON_IPV6_EXT] = {"ipv6_ext", VERDICT_MALFORMED},
	[REASON_TUNNEL_HEADER] = {"tunnel_header", VERDICT_MALFORMED},
	[REASON_HEADER_DEPTH] = {"header_depth", VERDICT_MALFORMED},
	[REASON_NOT_IP] = {"not_ip", VERDICT_NON_IP},
	[REASON_SNAPPED] = {"snapped", VERDICT_NON_IP},
	[REASON_FILTER] = {"filter", VERDICT_FILTERED},
	[REASON_LATE] = {"late", VERDICT_LATE},
	[REASON_WORKER_BUSY] = {"worker_busy", VERDICT_SHED},
	[REASON_NO_PANE] = {"no_pane", VERDICT_SHED},
};

const char *verdict_name(enum verdict v) {
	return (unsigned)v < VERDICT_COUNT ? verdicts[v] : NULL;
}

const char *reason_name(enum reason r) {
	return (unsigned)r < REASON_COUNT ? reasons[r].name : NULL;
}

enum verdict reason_verdict(enum reason r) {
	return (unsigned)r < REASON_COUNT ? reasons[r].verdict : VERDICT_COUNTED;
}
