// What became of a frame, and why. Each frame ends with exactly one verdict; each verdict but
// "counted" comes with a reason that has a counter and a name in the ledger's `drops`.
#pragma once

// In the order in which they are given: the first that applies counts (contract, section 3).
enum verdict {
	VERDICT_COUNTED,
	VERDICT_MALFORMED,
	VERDICT_NON_IP,
	VERDICT_FILTERED,
	VERDICT_LATE,
	VERDICT_SHED,
	VERDICT_COUNT,
};

// In the order of their verdicts.
enum reason {
	REASON_NONE,
	// malformed
	REASON_LINK_TRUNCATED, // link header cut by the frame's end
	REASON_VLAN_DEPTH, // a fifth VLAN tag
	REASON_VLAN_TRUNCATED,
	REASON_MPLS_TRUNCATED,
	REASON_PPPOE_HEADER, // PPPoE or PPP header cut or inconsistent
	REASON_IPV4_TRUNCATED, // fewer octets than the header says
	REASON_IPV4_HEADER, // version, header length or total length is impossible
	REASON_IPV6_TRUNCATED,
	REASON_IPV6_HEADER,
	REASON_IPV6_EXT, // extension header cut by the packet's end
	REASON_TUNNEL_HEADER, // GRE, VXLAN, Geneve or GTP-U header cut or inconsistent
	REASON_HEADER_DEPTH, // more headers one inside the other than are followed
	// non_ip
	REASON_NOT_IP, // a complete frame of another protocol
	REASON_SNAPPED, // the capture's snap length ends before any IP header
	// filtered
	REASON_FILTER,
	// late
	REASON_LATE, // behind the newest time by more than the lateness
	REASON_FUTURE, // ahead of it by more than anybody believes
	// shed
	REASON_WORKER_BUSY, // the receiver found the worker's ring full
	REASON_NO_PANE, // no table was back from the exporter for a new stretch of event time
	REASON_COUNT,
};

// "counted", "non_ip" ...: the ledger's names. NULL for a number out of range.
const char *verdict_name(enum verdict v);

// The name in `drops`. NULL for a number out of range and for REASON_NONE.
const char *reason_name(enum reason r);

// The verdict that a reason belongs to. VERDICT_COUNTED for REASON_NONE and numbers out of range.
static inline enum verdict reason_verdict(enum reason r) {
	if ((unsigned)r >= REASON_COUNT || r < REASON_LINK_TRUNCATED)
		return VERDICT_COUNTED;
	if (r < REASON_NOT_IP)
		return VERDICT_MALFORMED;
	if (r < REASON_FILTER)
		return VERDICT_NON_IP;
	if (r < REASON_LATE)
		return VERDICT_FILTERED;
	return r < REASON_WORKER_BUSY ? VERDICT_LATE : VERDICT_SHED;
}
