// Names of verdicts and reasons.

#include "verdict.h"

#include <stddef.h>

static const char *const verdicts[VERDICT_COUNT] = {
	[VERDICT_COUNTED] = "counted", [VERDICT_MALFORMED] = "malformed",
	[VERDICT_NON_IP] = "non_ip",   [VERDICT_FILTERED] = "filtered",
	[VERDICT_LATE] = "late",       [VERDICT_SHED] = "shed",
};

static const char *const reasons[REASON_COUNT] = {
	[REASON_LINK_TRUNCATED] = "link_truncated",
	[REASON_VLAN_DEPTH] = "vlan_depth",
	[REASON_VLAN_TRUNCATED] = "vlan_truncated",
	[REASON_MPLS_TRUNCATED] = "mpls_truncated",
	[REASON_PPPOE_HEADER] = "pppoe_header",
	[REASON_IPV4_TRUNCATED] = "ipv4_truncated",
	[REASON_IPV4_HEADER] = "ipv4_header",
	[REASON_IPV6_TRUNCATED] = "ipv6_truncated",
	[REASON_IPV6_HEADER] = "ipv6_header",
	[REASON_IPV6_EXT] = "ipv6_ext",
	[REASON_TUNNEL_HEADER] = "tunnel_header",
	[REASON_HEADER_DEPTH] = "header_depth",
	[REASON_NOT_IP] = "not_ip",
	[REASON_SNAPPED] = "snapped",
	[REASON_FILTER] = "filter",
	[REASON_LATE] = "late",
	[REASON_FUTURE] = "future",
	[REASON_WORKER_BUSY] = "worker_busy",
	[REASON_NO_PANE] = "no_pane",
};

const char *verdict_name(enum verdict v) {
	return (unsigned)v < VERDICT_COUNT ? verdicts[v] : NULL;
}

const char *reason_name(enum reason r) {
	return (unsigned)r < REASON_COUNT ? reasons[r] : NULL;
}
