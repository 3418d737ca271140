// Takes the first number of each set that a rule names.

#include "rule_packet.h"

#include <string.h>

static void put(uint8_t *to, unsigned octets, unsigned __int128 value) {
	for (unsigned i = octets; i-- > 0; value >>= 8)
		to[i] = (uint8_t)value;
}

static bool put_addresses(const struct snort_rule *r, struct flow_key *k) {
	if ((r->families & SNORT_V4) && !(r->protos == SNORT_ICMPV6) && r->src.v4->n > 0
	    && r->dst.v4->n > 0) {
		// The first address of all is not one that anybody has, but it will do.
		k->flags |= KEY_V4;
		put(k->src4, 4, r->src.v4->at[0].lo);
		put(k->dst4, 4, r->dst.v4->at[0].lo);
		return true;
	}
	if (!(r->families & SNORT_V6) || r->src.v6->n == 0 || r->dst.v6->n == 0)
		return false;
	k->flags |= KEY_V6;
	put(k->src6, 16, r->src.v6->at[0].lo);
	put(k->dst6, 16, r->dst.v6->at[0].lo);
	return true;
}

static bool put_ports(const struct snort_rule *r, struct flow_key *k) {
	if (r->dst_ports->n == 0 || r->src_ports->n == 0)
		return false;
	k->dst_port = (uint16_t)r->dst_ports->at[0].lo;
	k->src_port = (uint16_t)r->src_ports->at[0].lo;
	if (r->either_ports == NULL || snort_ranges_has(r->either_ports, k->dst_port)
	    || snort_ranges_has(r->either_ports, k->src_port))
		return true;
	for (uint32_t i = 0; i < r->either_ports->n; i++) {
		uint16_t port = (uint16_t)r->either_ports->at[i].lo;
		if (snort_ranges_has(r->dst_ports, port)) {
			k->dst_port = port;
			return true;
		}
		if (snort_ranges_has(r->src_ports, port)) {
			k->src_port = port;
			return true;
		}
	}
	return false;
}

static uint64_t fit(const struct snort_number *n, uint64_t otherwise) {
	if (!n->given)
		return otherwise;
	if (!n->negated)
		return n->lo;
	return n->lo > 0 ? n->lo - 1 : n->hi + 1;
}

static uint8_t proto_of(uint32_t protos) {
	if (protos & SNORT_TCP)
		return 6;
	if (protos & SNORT_UDP)
		return 17;
	if (protos & SNORT_ICMP)
		return 1;
	if (protos & SNORT_ICMPV6)
		return 58;
	return protos & SNORT_SCTP ? 132 : 47;
}

static bool size_holds(const struct snort_stream_size *s, uint64_t server, uint64_t client) {
	bool a = snort_number_holds(&s->number, server);
	bool b = snort_number_holds(&s->number, client);
	switch (s->of) {
	case SNORT_SIZE_SERVER:
		return a;
	case SNORT_SIZE_CLIENT:
		return b;
	case SNORT_SIZE_BOTH:
		return a && b;
	case SNORT_SIZE_EITHER:
		return a || b;
	}
	return false;
}

// Some pair of counts that suits all conditions.
static bool put_sizes(const struct snort_rule *r, struct detect_flow *f) {
	uint64_t tries[16] = {0};
	uint32_t n = 1;
	f->sized = true;
	for (uint32_t i = 0; i < r->n_stream_sizes && n < 15; i++) {
		tries[n++] = fit(&r->stream_sizes[i].number, 0);
		tries[n++] = r->stream_sizes[i].number.hi;
	}
	for (uint32_t i = 0; i < n * n; i++) {
		bool all = true;
		f->server_octets = tries[i / n];
		f->client_octets = tries[i % n];
		for (uint32_t k = 0; k < r->n_stream_sizes; k++)
			all &= size_holds(&r->stream_sizes[k], f->server_octets, f->client_octets);
		if (all)
			return true;
	}
	return false;
}

bool rule_packet_make(const struct snort_rule *rule, struct rule_packet *p) {
	memset(p, 0, sizeof(*p));
	p->in = (struct detect_packet){
		.key = &p->key,
		.flow = &p->flow,
		.ttl = (int16_t)fit(&rule->ttl, 64),
		.tcp_flags = -1,
	};
	p->key.proto = proto_of(rule->protos);
	if (p->key.proto == 6)
		p->in.tcp_flags = rule->flags.mode == SNORT_FLAGS_NONE ? 0x18
			: rule->flags.mode == SNORT_FLAGS_NOT          ? 0
								       : rule->flags.flags;
	if (rule->itype.given || rule->icode.given) {
		p->key.proto = rule->protos & SNORT_ICMP ? 1 : 58;
		p->key.flags |= KEY_ICMP;
		p->key.icmp_type = (uint8_t)fit(&rule->itype, 0);
		p->key.icmp_code = (uint8_t)fit(&rule->icode, 0);
	}
	p->flow.dir = rule->flow & SNORT_TO_CLIENT ? DETECT_TO_CLIENT : DETECT_TO_SERVER;
	p->flow.state = rule->flow & SNORT_NOT_ESTABLISHED ? DETECT_NOT_ESTABLISHED
							   : DETECT_ESTABLISHED;
	return put_addresses(rule, &p->key) && put_ports(rule, &p->key)
		&& put_sizes(rule, &p->flow);
}
