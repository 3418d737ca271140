// Link types: what a frame's first octet is the first octet of.
#pragma once

enum link {
	LINK_ETHERNET,
	LINK_RAW, // IPv4 or IPv6 by the version nibble; also LINKTYPE_IPV4 and LINKTYPE_IPV6
	LINK_SLL, // Linux cooked capture
	LINK_SLL2,
	LINK_NULL, // BSD loopback: address family in the byte order of either machine
	LINK_COUNT,
};

// The link type for libpcap's DLT_ number, LINK_COUNT if it is none of the contract's.
enum link link_from_dlt(int dlt);

// A DLT_ number for libpcap's filter compiler.
int link_to_dlt(enum link link);
