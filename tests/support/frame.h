// Frames by name: tests say what a frame holds, this lays out the octets. A frame is built from the
// outside in; lengths of enclosing headers are filled in by frame_end.
#pragma once

#include <stdint.h>

#define FRAME_MAX 65536

struct frame {
	uint8_t octet[FRAME_MAX];
	uint32_t len;
	// where lengths are still owed: offsets of headers, innermost last
	struct {
		uint32_t at;
		uint32_t kind;
	} open[64];
	uint32_t n_open;
};

struct packet;

void frame_start(struct frame *f);

// Link layers. `ethertype` 0: set by the header that follows where that is known.
void frame_ethernet(struct frame *f, uint16_t ethertype);
void frame_vlan(struct frame *f, uint16_t tpid, uint16_t vid); // rewrites the type ahead of it
void frame_mpls(struct frame *f, uint32_t label, int bottom);
void frame_pppoe(struct frame *f, uint16_t ppp_protocol);
void frame_llc_snap(struct frame *f, uint16_t ethertype); // turns the Ethernet type into a length

// Network layer. Addresses as text. Total and payload lengths are set by frame_end.
void frame_ipv4(struct frame *f, const char *src, const char *dst, uint8_t proto);
void frame_ipv4_fragment(
	struct frame *f, const char *src, const char *dst, uint8_t proto, uint16_t id,
	uint16_t offset_octets, int more
);
void frame_ipv6(struct frame *f, const char *src, const char *dst, uint8_t next);
void frame_ipv6_ext(struct frame *f, uint8_t next, uint32_t octets); // hop-by-hop and its like
void frame_ipv6_fragment(
	struct frame *f, uint8_t next, uint32_t id, uint16_t offset_octets, int more
);

// Transport.
void frame_tcp(struct frame *f, uint16_t src, uint16_t dst, uint8_t flags);
void frame_udp(struct frame *f, uint16_t src, uint16_t dst);
void frame_icmp(struct frame *f, uint8_t type, uint8_t code);

// Tunnels (behind IP or UDP).
void frame_gre(struct frame *f, uint16_t ethertype);
void frame_vxlan(struct frame *f, uint32_t vni);
void frame_geneve(struct frame *f, uint32_t vni, uint16_t ethertype);
void frame_gtpu(struct frame *f, uint32_t teid);

void frame_payload(struct frame *f, const void *data, uint32_t len);
void frame_zeros(struct frame *f, uint32_t len);

// Fills in every length owed. Nothing may be added afterwards except padding (frame_zeros).
void frame_end(struct frame *f);

// A packet that points at the frame, captured whole at `time_us`, Ethernet.
void frame_packet(const struct frame *f, struct packet *p, int64_t time_us);

// The common ones in one call.
void frame_ipv4_udp(
	struct frame *f, const char *src, uint16_t sport, const char *dst, uint16_t dport,
	const void *payload, uint32_t len
);
void frame_ipv4_tcp(
	struct frame *f, const char *src, uint16_t sport, const char *dst, uint16_t dport,
	uint8_t flags, const void *payload, uint32_t len
);
void frame_ipv6_udp(
	struct frame *f, const char *src, uint16_t sport, const char *dst, uint16_t dport,
	const void *payload, uint32_t len
);
