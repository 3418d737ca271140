// How far the parser goes: the same in user space and in the XDP programs.
#pragma once

// Headers followed in one frame at the most; beyond it is malformed, header_depth. Ethernet, LLC, a
// VLAN tag, an MPLS label, PPPoE, PPP, an IP header, an IPv6 extension header, a tunnel's header (and
// UDP, where it may be one) each count as one.
#define PARSE_MAX_HEADERS 64

// VLAN tags in one stack at the most (contract, section 3).
#define PARSE_MAX_VLANS 4

// A first fragment is remembered this long, in event time (contract, section 3).
#define FRAGMENT_LIFE_US 30000000
