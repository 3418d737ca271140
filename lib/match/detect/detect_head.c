// Compares a rule's header and its options about headers with a packet, the cheapest and most often
// decisive first.

#include "detect_head.h"

enum { // of the TCP header
	SYN = 1 << 1,
	ACK = 1 << 4,
};

static unsigned __int128 v4_number(const uint8_t a[4]) {
	return (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
}

static uint8_t proto_bit(uint8_t proto) {
	switch (proto) {
	case 6:
		return SNORT_TCP;
	case 17:
		return SNORT_UDP;
	case 1:
		return SNORT_ICMP;
	case 58:
		return SNORT_ICMPV6;
	case 132:
		return SNORT_SCTP;
	}
	return SNORT_OTHER;
}

void detect_view_init(struct detect_view *v, const struct detect_packet *in) {
	const struct flow_key *k = in->key;
	*v = (struct detect_view){
		.in = in,
		.src_port = k->src_port,
		.dst_port = k->dst_port,
		.proto = proto_bit(k->proto),
		.dir = in->flow != NULL ? in->flow->dir : DETECT_DIR_UNKNOWN,
		.state = in->flow != NULL ? in->flow->state : DETECT_STATE_UNKNOWN,
	};
	if (k->flags & KEY_V6) {
		v->family = SNORT_V6;
		v->src = snort_v6_number(k->src6);
		v->dst = snort_v6_number(k->dst6);
	} else if (k->flags & KEY_V4) {
		v->family = SNORT_V4;
		v->src = v4_number(k->src4);
		v->dst = v4_number(k->dst4);
	}
	if (v->state == DETECT_STATE_UNKNOWN && v->proto == SNORT_TCP && in->tcp_flags >= 0) {
		if (in->tcp_flags & SYN)
			v->state = DETECT_NOT_ESTABLISHED;
		else if (in->tcp_flags & ACK)
			v->state = DETECT_ESTABLISHED;
	}
}

static bool flow_holds(uint32_t flow, const struct detect_view *v) {
	return !((flow & SNORT_TO_SERVER) && v->dir == DETECT_TO_CLIENT)
		&& !((flow & SNORT_TO_CLIENT) && v->dir == DETECT_TO_SERVER)
		&& !((flow & SNORT_ESTABLISHED) && v->state == DETECT_NOT_ESTABLISHED)
		&& !((flow & SNORT_NOT_ESTABLISHED) && v->state == DETECT_ESTABLISHED);
}

static bool has_address(
	const struct snort_addresses *set, const struct detect_view *v, unsigned __int128 address
) {
	return snort_ranges_has(v->family == SNORT_V6 ? set->v6 : set->v4, address);
}

// With the rule's source as one end and its destination as the other.
static bool ends_hold(const struct snort_rule *r, const struct detect_view *v, bool swapped) {
	unsigned __int128 src = swapped ? v->dst : v->src, dst = swapped ? v->src : v->dst;
	uint16_t src_port = swapped ? v->dst_port : v->src_port;
	uint16_t dst_port = swapped ? v->src_port : v->dst_port;
	return snort_ranges_has(r->dst_ports, dst_port) && snort_ranges_has(r->src_ports, src_port)
		&& has_address(&r->src, v, src) && has_address(&r->dst, v, dst);
}

static bool sizes_hold(const struct snort_rule *r, const struct detect_flow *f) {
	if (f == NULL || !f->sized)
		return r->n_stream_sizes == 0;
	for (uint32_t i = 0; i < r->n_stream_sizes; i++) {
		const struct snort_number *n = &r->stream_sizes[i].number;
		bool server = snort_number_holds(n, f->server_octets);
		bool client = snort_number_holds(n, f->client_octets);
		bool holds = false;
		switch (r->stream_sizes[i].of) {
		case SNORT_SIZE_SERVER:
			holds = server;
			break;
		case SNORT_SIZE_CLIENT:
			holds = client;
			break;
		case SNORT_SIZE_BOTH:
			holds = server && client;
			break;
		case SNORT_SIZE_EITHER:
			holds = server || client;
			break;
		}
		if (!holds)
			return false;
	}
	return true;
}

// TTL, TCP flags, ICMP type and code: of what is not known none holds.
static bool fields_hold(const struct snort_rule *r, const struct detect_packet *in) {
	if (r->ttl.given && (in->ttl < 0 || !snort_number_holds(&r->ttl, (uint64_t)in->ttl)))
		return false;
	if (r->flags.mode != SNORT_FLAGS_NONE
	    && (in->tcp_flags < 0 || !snort_flags_hold(&r->flags, (uint8_t)in->tcp_flags)))
		return false;
	if (!r->itype.given && !r->icode.given)
		return true;
	return (in->key->flags & KEY_ICMP) && snort_number_holds(&r->itype, in->key->icmp_type)
		&& snort_number_holds(&r->icode, in->key->icmp_code);
}

bool detect_head_holds(const struct snort_rule *r, const struct detect_view *v) {
	if (!(r->protos & v->proto) || !(r->families & v->family) || !flow_holds(r->flow, v))
		return false;
	if (!snort_number_holds(&r->dsize, v->in->len)
	    || !snort_number_holds(&r->bsize, v->in->len))
		return false;
	if (!ends_hold(r, v, false) && !(r->both_ways && ends_hold(r, v, true)))
		return false;
	if (r->either_ports != NULL && !snort_ranges_has(r->either_ports, v->src_port)
	    && !snort_ranges_has(r->either_ports, v->dst_port))
		return false;
	return fields_hold(r, v->in) && sizes_hold(r, v->in->flow);
}
