// Lays out frames from the outside in. What an outer header cannot know yet (its length, the type of
// what follows) is noted in `open` and filled in later.

#include "frame.h"

#include "packet/link.h"
#include "packet/packet.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_PPPOE 0x8864
#define ETHERTYPE_BRIDGING 0x6558 // an Ethernet frame inside GRE or Geneve
#define PPP_IPV4 0x0021
#define PPP_IPV6 0x0057

#define OPEN_MAX (sizeof(((struct frame *)0)->open) / sizeof(((struct frame *)0)->open[0]))

// `at` is the header's offset for lengths, the field's own for types.
enum owed {
	OWED_TYPE, // an EtherType; 0 until it is known
	OWED_PPP, // a PPP protocol number; 0 until it is known
	OWED_LLC, // an IEEE 802.3 length in place of the type
	OWED_PPPOE,
	OWED_IPV4, // also the header checksum
	OWED_IPV6,
	OWED_UDP,
	OWED_GTPU,
};

static uint8_t *append(struct frame *f, uint32_t len) {
	assert(len <= FRAME_MAX - f->len);
	uint8_t *p = f->octet + f->len;
	memset(p, 0, len);
	f->len += len;
	return p;
}

static void put16(uint8_t *p, uint32_t v) {
	assert(v <= 0xffff);
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v) {
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t get16(const uint8_t *p) {
	return (uint32_t)p[0] << 8 | p[1];
}

static void owe(struct frame *f, enum owed kind, uint32_t at) {
	assert(f->n_open < OPEN_MAX);
	f->open[f->n_open].at = at;
	f->open[f->n_open].kind = kind;
	f->n_open++;
}

// The innermost type field, or NULL where there is none; *kind says which sort.
static uint8_t *last_type(struct frame *f, enum owed *kind) {
	for (uint32_t i = f->n_open; i-- > 0;) {
		if (f->open[i].kind != OWED_TYPE && f->open[i].kind != OWED_PPP)
			continue;
		*kind = f->open[i].kind;
		return f->octet + f->open[i].at;
	}
	return NULL;
}

// Tells the header ahead what follows, if it still wants to know.
static void follow(struct frame *f, uint32_t ethertype, uint32_t ppp) {
	enum owed kind = OWED_TYPE;
	uint8_t *type = last_type(f, &kind);
	if (type != NULL && get16(type) == 0)
		put16(type, kind == OWED_PPP ? ppp : ethertype);
}

void frame_start(struct frame *f) {
	f->len = 0;
	f->n_open = 0;
}

void frame_ethernet(struct frame *f, uint16_t ethertype) {
	static const uint8_t mac[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
	follow(f, ETHERTYPE_BRIDGING, 0);
	memcpy(append(f, sizeof(mac)), mac, sizeof(mac));
	owe(f, OWED_TYPE, f->len);
	put16(append(f, 2), ethertype);
}

void frame_vlan(struct frame *f, uint16_t tpid, uint16_t vid) {
	enum owed kind = OWED_TYPE;
	uint8_t *type = last_type(f, &kind);
	assert(type != NULL && kind == OWED_TYPE);
	uint32_t behind = get16(type);
	put16(type, tpid);
	put16(append(f, 2), vid);
	owe(f, OWED_TYPE, f->len);
	put16(append(f, 2), behind);
}

void frame_mpls(struct frame *f, uint32_t label, int bottom) {
	assert(label < 1u << 20);
	follow(f, ETHERTYPE_MPLS, 0x0281);
	put32(append(f, 4), label << 12 | (bottom ? 1u << 8 : 0) | 64);
}

void frame_pppoe(struct frame *f, uint16_t ppp_protocol) {
	follow(f, ETHERTYPE_PPPOE, 0);
	owe(f, OWED_PPPOE, f->len);
	uint8_t *h = append(f, 6);
	h[0] = 0x11; // version 1, type 1, code 0: session data
	put16(h + 2, 1);
	owe(f, OWED_PPP, f->len);
	put16(append(f, 2), ppp_protocol);
}

void frame_llc_snap(struct frame *f, uint16_t ethertype) {
	static const uint8_t head[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
	enum owed kind = OWED_TYPE;
	uint8_t *type = last_type(f, &kind);
	assert(type != NULL && kind == OWED_TYPE);
	owe(f, OWED_LLC, (uint32_t)(type - f->octet));
	memcpy(append(f, sizeof(head)), head, sizeof(head));
	owe(f, OWED_TYPE, f->len);
	put16(append(f, 2), ethertype);
}

void frame_ipv4(struct frame *f, const char *src, const char *dst, uint8_t proto) {
	frame_ipv4_fragment(f, src, dst, proto, 0, 0, 0);
}

void frame_ipv4_fragment(
	struct frame *f, const char *src, const char *dst, uint8_t proto, uint16_t id,
	uint16_t offset_octets, int more
) {
	assert(offset_octets % 8 == 0);
	follow(f, ETHERTYPE_IPV4, PPP_IPV4);
	owe(f, OWED_IPV4, f->len);
	uint8_t *h = append(f, 20);
	h[0] = 0x45;
	put16(h + 4, id);
	put16(h + 6, (more ? 0x2000u : 0) | offset_octets / 8);
	h[8] = 64;
	h[9] = proto;
	int ok = inet_pton(AF_INET, src, h + 12) == 1 && inet_pton(AF_INET, dst, h + 16) == 1;
	assert(ok);
	(void)ok;
}

void frame_ipv6(struct frame *f, const char *src, const char *dst, uint8_t next) {
	follow(f, ETHERTYPE_IPV6, PPP_IPV6);
	owe(f, OWED_IPV6, f->len);
	uint8_t *h = append(f, 40);
	h[0] = 0x60;
	h[6] = next;
	h[7] = 64;
	int ok = inet_pton(AF_INET6, src, h + 8) == 1 && inet_pton(AF_INET6, dst, h + 24) == 1;
	assert(ok);
	(void)ok;
}

void frame_ipv6_ext(struct frame *f, uint8_t next, uint32_t octets) {
	assert(octets >= 8 && octets % 8 == 0 && octets <= 2048);
	uint8_t *h = append(f, octets); // zeros are Pad1 options
	h[0] = next;
	h[1] = (uint8_t)(octets / 8 - 1);
}

void frame_ipv6_fragment(
	struct frame *f, uint8_t next, uint32_t id, uint16_t offset_octets, int more
) {
	assert(offset_octets % 8 == 0);
	uint8_t *h = append(f, 8);
	h[0] = next;
	put16(h + 2, offset_octets | (more ? 1u : 0));
	put32(h + 4, id);
}

void frame_tcp(struct frame *f, uint16_t src, uint16_t dst, uint8_t flags) {
	uint8_t *h = append(f, 20);
	put16(h, src);
	put16(h + 2, dst);
	put32(h + 4, 1);
	h[12] = 5 << 4;
	h[13] = flags;
	put16(h + 14, 0xffff);
}

void frame_udp(struct frame *f, uint16_t src, uint16_t dst) {
	owe(f, OWED_UDP, f->len);
	uint8_t *h = append(f, 8);
	put16(h, src);
	put16(h + 2, dst);
}

void frame_icmp(struct frame *f, uint8_t type, uint8_t code) {
	uint8_t *h = append(f, 8);
	h[0] = type;
	h[1] = code;
}

void frame_gre(struct frame *f, uint16_t ethertype) {
	append(f, 2);
	owe(f, OWED_TYPE, f->len);
	put16(append(f, 2), ethertype);
}

void frame_vxlan(struct frame *f, uint32_t vni) {
	assert(vni < 1u << 24);
	uint8_t *h = append(f, 8);
	h[0] = 0x08; // the VNI is there
	put32(h + 4, vni << 8);
}

void frame_geneve(struct frame *f, uint32_t vni, uint16_t ethertype) {
	assert(vni < 1u << 24);
	append(f, 2);
	owe(f, OWED_TYPE, f->len);
	put16(append(f, 2), ethertype);
	put32(append(f, 4), vni << 8);
}

void frame_gtpu(struct frame *f, uint32_t teid) {
	owe(f, OWED_GTPU, f->len);
	uint8_t *h = append(f, 8);
	h[0] = 0x30; // version 1, GTP, no optional fields
	h[1] = 0xff; // G-PDU
	put32(h + 4, teid);
}

void frame_payload(struct frame *f, const void *data, uint32_t len) {
	uint8_t *p = append(f, len);
	if (len > 0)
		memcpy(p, data, len);
}

void frame_zeros(struct frame *f, uint32_t len) {
	append(f, len);
}

static void ipv4_checksum(uint8_t *h) {
	uint32_t sum = 0;
	put16(h + 10, 0);
	for (uint32_t i = 0; i < 20; i += 2)
		sum += get16(h + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(h + 10, ~sum & 0xffff);
}

void frame_end(struct frame *f) {
	for (uint32_t i = 0; i < f->n_open; i++) {
		uint8_t *h = f->octet + f->open[i].at;
		uint32_t len = f->len - f->open[i].at;
		switch ((enum owed)f->open[i].kind) {
		case OWED_LLC:
			put16(h, len - 2);
			break;
		case OWED_PPPOE:
			put16(h + 4, len - 6);
			break;
		case OWED_IPV4:
			put16(h + 2, len);
			ipv4_checksum(h);
			break;
		case OWED_IPV6:
			put16(h + 4, len - 40);
			break;
		case OWED_UDP:
			put16(h + 4, len);
			break;
		case OWED_GTPU:
			put16(h + 2, len - 8);
			break;
		case OWED_TYPE:
		case OWED_PPP:
			break;
		}
	}
	f->n_open = 0;
}

void frame_packet(const struct frame *f, struct packet *p, int64_t time_us) {
	memset(p, 0, sizeof(*p));
	p->data = f->octet;
	p->time_us = time_us;
	p->head_len = p->cap_len = p->wire_len = f->len;
	p->link = LINK_ETHERNET;
}

void frame_ipv4_udp(
	struct frame *f, const char *src, uint16_t sport, const char *dst, uint16_t dport,
	const void *payload, uint32_t len
) {
	frame_start(f);
	frame_ethernet(f, 0);
	frame_ipv4(f, src, dst, 17);
	frame_udp(f, sport, dport);
	frame_payload(f, payload, len);
	frame_end(f);
}

void frame_ipv4_tcp(
	struct frame *f, const char *src, uint16_t sport, const char *dst, uint16_t dport,
	uint8_t flags, const void *payload, uint32_t len
) {
	frame_start(f);
	frame_ethernet(f, 0);
	frame_ipv4(f, src, dst, 6);
	frame_tcp(f, sport, dport, flags);
	frame_payload(f, payload, len);
	frame_end(f);
}

void frame_ipv6_udp(
	struct frame *f, const char *src, uint16_t sport, const char *dst, uint16_t dport,
	const void *payload, uint32_t len
) {
	frame_start(f);
	frame_ethernet(f, 0);
	frame_ipv6(f, src, dst, 17);
	frame_udp(f, sport, dport);
	frame_payload(f, payload, len);
	frame_end(f);
}
