// A flood of UDP flows out of an interface, and the two ways to send it: from a packet socket, or as
// XDP frames, as a driver hands them over. Both give the same frames.
#pragma once

#include <stdint.h>

#define FLOOD_OCTETS_MIN 60u
#define FLOOD_OCTETS_MAX 1514u
#define FLOOD_FLOWS_MAX 65536u
#define FLOOD_ADDRESS 0x0a000000u // source of the first flow; its lower half counts
#define FLOOD_PORT 1024u // source port of the first flow

struct flood {
	uint32_t frames, octets;
	uint32_t flows; // a power of two
	uint32_t seconds; // that it may take at most
	int interface; // index
	// what came of it
	uint64_t sent; // frames that the interface was given
	double took; // seconds
	double processor; // seconds of the calling thread, and of what interrupted it
};

// The n-th frame's flow.
static inline uint32_t flood_flow(uint32_t n, uint32_t flows) {
	return n * 2654435761u & (flows - 1);
}

// The frame of flow 0, without the IP header's checksum.
void flood_frame(const struct flood *f, uint8_t frame[FLOOD_OCTETS_MAX]);

// The sum of an IP header's words but the checksum, folded once.
uint32_t flood_sum(const uint8_t frame[FLOOD_OCTETS_MAX]);

// Ends the program with a message when it cannot be sent.
void flood_socket(struct flood *f);
void flood_xdp(struct flood *f);

double flood_now(void);
double flood_processor(void);
