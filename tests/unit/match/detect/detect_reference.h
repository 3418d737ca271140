// What rules of the engine mean, header and bits, decided by a plain walk through all of them that
// shares no code with it. Payloads are the verifier's affair, which has a reference of its own.
#pragma once

#include "match/detect/detect.h"
#include "match/verify/verify.h"

#include <criterion/criterion.h>
#include <string.h>

#define REF_FLOWS 6
#define REF_RULES 60
#define REF_MARKS 4096

// A packet of one of some flows.
struct sample {
	struct flow_key key;
	struct detect_flow flow;
	struct detect_packet in;
	uint8_t payload[16];
	uint32_t of_flow; // REF_FLOWS: none
};

// What the reference remembers.
struct mark {
	const char *name;
	uint8_t a[33], b[33]; // addresses with the family ahead; b of pairs only
	int64_t expire_us;
};

struct memory {
	bool flow[REF_FLOWS][16]; // by number of the name
	struct mark marks[REF_MARKS];
	uint32_t n_marks;
};

static inline bool in_set(const struct snort_ranges *r, unsigned __int128 value) {
	for (uint32_t i = 0; i < r->n; i++) {
		if (r->at[i].lo <= value && value <= r->at[i].hi)
			return true;
	}
	return false;
}

static inline bool
has_address(const struct snort_addresses *set, const struct flow_key *k, bool src) {
	unsigned __int128 value = 0;
	const uint8_t *octets = k->flags & KEY_V6 ? (src ? k->src6 : k->dst6)
						  : (src ? k->src4 : k->dst4);
	for (unsigned i = 0; i < (k->flags & KEY_V6 ? 16 : 4); i++)
		value = value * 256 + octets[i];
	return in_set(k->flags & KEY_V6 ? set->v6 : set->v4, value);
}

static inline uint32_t proto_of(const struct flow_key *k) {
	return k->proto == 6      ? SNORT_TCP
		: k->proto == 17  ? SNORT_UDP
		: k->proto == 1   ? SNORT_ICMP
		: k->proto == 58  ? SNORT_ICMPV6
		: k->proto == 132 ? SNORT_SCTP
				  : SNORT_OTHER;
}

static inline bool ref_flow(const struct snort_rule *r, const struct sample *p) {
	const struct detect_flow *f = p->in.flow;
	int dir = f != NULL ? f->dir : DETECT_DIR_UNKNOWN;
	int state = f != NULL ? f->state : DETECT_STATE_UNKNOWN;
	if (state == DETECT_STATE_UNKNOWN && p->key.proto == 6 && p->in.tcp_flags > 0)
		state = p->in.tcp_flags & 2    ? DETECT_NOT_ESTABLISHED
			: p->in.tcp_flags & 16 ? DETECT_ESTABLISHED
					       : DETECT_STATE_UNKNOWN;
	if (dir == DETECT_TO_SERVER && (r->flow & SNORT_TO_CLIENT))
		return false;
	if (dir == DETECT_TO_CLIENT && (r->flow & SNORT_TO_SERVER))
		return false;
	if (state == DETECT_ESTABLISHED && (r->flow & SNORT_NOT_ESTABLISHED))
		return false;
	return !(state == DETECT_NOT_ESTABLISHED && (r->flow & SNORT_ESTABLISHED));
}

static inline bool ref_sizes(const struct snort_rule *r, const struct detect_flow *f) {
	for (uint32_t i = 0; i < r->n_stream_sizes; i++) {
		const struct snort_stream_size *s = &r->stream_sizes[i];
		if (f == NULL || !f->sized)
			return false;
		bool server = snort_number_holds(&s->number, f->server_octets);
		bool client = snort_number_holds(&s->number, f->client_octets);
		bool holds[] = {server, client, server && client, server || client};
		if (!holds[s->of])
			return false;
	}
	return true;
}

static inline bool ref_head(const struct snort_rule *r, const struct sample *p) {
	const struct flow_key *k = &p->key;
	uint32_t family = k->flags & KEY_V6 ? SNORT_V6 : SNORT_V4;
	bool there = has_address(&r->src, k, true) && has_address(&r->dst, k, false)
		&& in_set(r->src_ports, k->src_port) && in_set(r->dst_ports, k->dst_port);
	bool back = has_address(&r->src, k, false) && has_address(&r->dst, k, true)
		&& in_set(r->src_ports, k->dst_port) && in_set(r->dst_ports, k->src_port);
	if (!(r->protos & proto_of(k)) || !(r->families & family))
		return false;
	if (!there && !(r->both_ways && back))
		return false;
	if (r->either_ports != NULL && !in_set(r->either_ports, k->src_port)
	    && !in_set(r->either_ports, k->dst_port))
		return false;
	if (r->ttl.given && (p->in.ttl < 0 || !snort_number_holds(&r->ttl, (uint64_t)p->in.ttl)))
		return false;
	if (r->flags.mode != SNORT_FLAGS_NONE
	    && (p->in.tcp_flags < 0 || !snort_flags_hold(&r->flags, (uint8_t)p->in.tcp_flags)))
		return false;
	if ((r->itype.given || r->icode.given)
	    && (!(k->flags & KEY_ICMP) || !snort_number_holds(&r->itype, k->icmp_type)
		|| !snort_number_holds(&r->icode, k->icmp_code)))
		return false;
	return ref_flow(r, p) && ref_sizes(r, p->in.flow);
}

static inline void put_address(uint8_t to[33], const struct flow_key *k, bool src) {
	to[0] = k->flags & KEY_V6 ? 6 : 4;
	if (k->flags & KEY_V6)
		memcpy(&to[1], src ? k->src6 : k->dst6, 16);
	else
		memcpy(&to[1], src ? k->src4 : k->dst4, 4);
}

static inline struct mark
make_mark(const struct snort_bit *b, uint32_t i, const struct flow_key *k) {
	struct mark m = {.name = b->names[i]};
	put_address(m.a, k, b->track != SNORT_BIT_DST);
	if (b->track == SNORT_BIT_PAIR) {
		put_address(m.b, k, false);
		if (memcmp(m.a, m.b, sizeof(m.a)) > 0) {
			put_address(m.a, k, false);
			put_address(m.b, k, true);
		}
	}
	return m;
}

static inline struct mark *find_mark(struct memory *mem, const struct mark *m) {
	for (uint32_t i = 0; i < mem->n_marks; i++) {
		struct mark *one = &mem->marks[i];
		if (strcmp(one->name, m->name) == 0 && memcmp(one->a, m->a, sizeof(m->a)) == 0
		    && memcmp(one->b, m->b, sizeof(m->b)) == 0)
			return one;
	}
	return NULL;
}

static inline bool
ref_is_set(struct memory *mem, const struct snort_bit *b, uint32_t i, const struct sample *p) {
	if (b->track == SNORT_BIT_FLOW)
		return p->of_flow < REF_FLOWS && mem->flow[p->of_flow][b->ids[i]];
	struct mark m = make_mark(b, i, &p->key), *there = find_mark(mem, &m);
	return there != NULL && p->in.time_us < there->expire_us;
}

static inline void
ref_change(struct memory *mem, const struct snort_bit *b, uint32_t i, const struct sample *p) {
	bool on = b->op == SNORT_BIT_SET
		|| (b->op == SNORT_BIT_TOGGLE && !ref_is_set(mem, b, i, p));
	if (b->track == SNORT_BIT_FLOW) {
		if (p->of_flow < REF_FLOWS)
			mem->flow[p->of_flow][b->ids[i]] = on;
		return;
	}
	struct mark m = make_mark(b, i, &p->key), *there = find_mark(mem, &m);
	if (there == NULL) {
		cr_assert_lt(mem->n_marks, (uint32_t)REF_MARKS);
		there = &mem->marks[mem->n_marks++];
		*there = m;
	}
	there->expire_us = on ? p->in.time_us + b->expire_s * 1000000ll : INT64_MIN;
}

static inline bool is_test(const struct snort_bit *b) {
	return b->op == SNORT_BIT_ISSET || b->op == SNORT_BIT_ISNOTSET;
}

static inline bool
ref_bits(struct memory *mem, const struct snort_rule *r, const struct sample *p) {
	for (uint32_t k = 0; k < r->n_bits; k++) {
		const struct snort_bit *b = &r->bits[k];
		bool some_set = false, some_not = false;
		for (uint32_t i = 0; i < b->n; i++) {
			bool set = is_test(b) && ref_is_set(mem, b, i, p);
			some_set |= set;
			some_not |= !set;
		}
		if ((b->op == SNORT_BIT_ISSET && !some_set)
		    || (b->op == SNORT_BIT_ISNOTSET && !some_not))
			return false;
	}
	return true;
}

// Changes only, then both, then tests only, then none: of flowbits first, then of xbits.
static inline uint32_t ref_turn(const struct snort_rule *r) {
	uint32_t turn[2];
	for (uint32_t of = 0; of < 2; of++) {
		bool tests = false, changes = false;
		for (uint32_t k = 0; k < r->n_bits; k++) {
			if ((r->bits[k].track != SNORT_BIT_FLOW) != of)
				continue;
			tests |= is_test(&r->bits[k]);
			changes |= !is_test(&r->bits[k]);
		}
		turn[of] = changes && !tests ? 0 : changes ? 1 : tests ? 2 : 3;
	}
	return turn[0] * 4 + turn[1];
}

struct reference {
	const struct snort_rules *rs;
	struct verifier *verifiers[REF_RULES];
	struct verify_scratch *scratch;
	struct memory *memory;
};

static inline void ref_run(struct reference *ref, const struct sample *p, bool *fired) {
	for (uint32_t turn = 0; turn < 16; turn++) {
		for (uint32_t i = 0; i < ref->rs->n_rules; i++) {
			const struct snort_rule *r = &ref->rs->rules[i];
			if (ref_turn(r) != turn)
				continue;
			fired[i] = ref_head(r, p) && ref_bits(ref->memory, r, p)
				&& verifier_run(
					   ref->verifiers[i], ref->scratch, p->payload, p->in.len
				);
			for (uint32_t k = 0; fired[i] && k < r->n_bits; k++) {
				for (uint32_t n = 0; !is_test(&r->bits[k]) && n < r->bits[k].n; n++)
					ref_change(ref->memory, &r->bits[k], n, p);
			}
		}
	}
}
