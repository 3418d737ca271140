// Finds the fragment in a frame: which datagram it belongs to, which octets of it, and where they are.
// It walks the frame's headers once more, because the parser keeps only what every packet needs.
#pragma once

#include "packet/packet.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

// What tells datagrams apart (RFC 791, RFC 8200): compared and hashed as plain octets.
struct defrag_id {
	uint8_t src[16]; // IPv4 addresses are zero-extended
	uint8_t dst[16];
	uint32_t id;
	uint32_t vni; // of the tunnel around it; 0: none
	uint16_t vlan; // VID of the outermost tag; 0: none, or a priority tag
	uint16_t vlan_inner;
	uint8_t proto; // IPv4's; 0 for IPv6, where fragments may differ in it
	uint8_t v6;
	uint8_t zero[2];
};

static_assert(sizeof(struct defrag_id) == 48);

// All numbers in host order, octets throughout.
struct defrag_piece {
	struct defrag_id id;
	uint32_t header_off; // of the fragment's IP header, from the frame's first octet
	uint32_t data_off; // of what it carries of the datagram
	uint32_t data_len;
	uint32_t offset; // where that lies in the datagram; a multiple of 8
	uint32_t headers; // what counts with it against 65,535: see defrag.h
	uint8_t proto; // of the header that the datagram begins with, as this fragment says
	bool more; // not the last
	bool cut; // its end is missing: snapped, or longer than its frame
};

// Finds the outermost fragment in the frame of which the first `len` octets are at `data`; `tunnels`
// (enum tunnel) as the parser looks into them. Returns false when there is none.
bool defrag_find(
	const struct packet *pkt, const uint8_t *data, uint32_t len, uint32_t tunnels,
	struct defrag_piece *out
);
