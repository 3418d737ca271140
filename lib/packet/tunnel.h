// Tunnels, as bits: those that the parser looks into.
#pragma once

// Tunnels that may be looked into (contract: input.tunnels).
enum tunnel {
	TUNNEL_GRE = 1 << 0, // RFC 2784, 2890; version 1 (RFC 2637) with PPP; WCCP
	TUNNEL_VXLAN = 1 << 1, // RFC 7348, UDP port 4789
	TUNNEL_GENEVE = 1 << 2, // RFC 8926, UDP port 6081
	TUNNEL_GTPU = 1 << 3, // 3GPP TS 29.281, UDP port 2152
	// RFC 2003, 4213: IP protocols 4 and 41; also MPLS (137, RFC 4023) and Ethernet (143,
	// RFC 8986) straight in IP
	TUNNEL_IPIP = 1 << 4,
	TUNNEL_ALL = (1 << 5) - 1,
};
