// What rules need to know of a connection of the TCP table: a packet's direction, whether the handshake
// is done, and how much each side has sent.
#pragma once

#include "match/detect/detect_packet.h"
#include "tcp_flow.h"

#include <stdint.h>

// Fills all but the bits for a packet of direction `dir`, or for octets of that direction, as the
// connection stands: behind tcp_table_packet, the packet included.
//
// The client is who sent the first SYN without ACK, or who was answered with SYN and ACK; of a
// connection whose handshake was not seen, the sender of its first packet. Established: from the
// client's first packet with ACK and without SYN on, or the server's where nothing is seen of the client
// or the client has acknowledged the server's SYN; without a handshake at once. Octets are those in
// order: what waits for a hole to be filled is not counted, what was given up is.
void tcp_view(const struct tcp_flow *f, uint32_t dir, struct detect_flow *out);
