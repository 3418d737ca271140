// First fragments, remembered for the later ones of their datagrams: lib/packet's fragment table as a
// map that all processors share. A full map gives up what was longest not used.
#pragma once

#include "packet/flow_key.h"
#include "packet/parse_limits.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <stdbool.h>
#include <stdint.h>

// The identity of a datagram. `proto` identifies only with IPv4 (RFC 791, 8200).
struct fragment_id {
	uint8_t src[16]; // IPv4's zero-extended
	uint8_t dst[16];
	uint32_t id;
	uint8_t v6;
	uint8_t proto;
	uint16_t fill;
};

struct fragment_first {
	uint64_t time_us;
	uint16_t src_port;
	uint16_t dst_port;
	uint8_t proto;
	uint8_t fill[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct fragment_id);
	__type(value, struct fragment_first);
} fragments SEC(".maps");

// What the functions below work in, to spare the stack.
struct fragment_scratch {
	struct fragment_first first;
	struct fragment_id id;
};

static __always_inline void
fragment_identify(struct fragment_id *f, const struct flow_key *key, uint32_t id) {
	__builtin_memset(f, 0, sizeof(*f));
	f->id = id;
	if (key->flags & KEY_V6) {
		f->v6 = 1;
		__builtin_memcpy(f->src, key->src6, sizeof(key->src6));
		__builtin_memcpy(f->dst, key->dst6, sizeof(key->dst6));
	} else {
		f->proto = key->proto;
		__builtin_memcpy(f->src, key->src4, sizeof(key->src4));
		__builtin_memcpy(f->dst, key->dst4, sizeof(key->dst4));
	}
}

// Remembers a first fragment. What is remembered of its datagram is replaced.
static __always_inline void fragment_put(
	struct fragment_scratch *s, const struct flow_key *key, uint32_t id, uint64_t time_us
) {
	fragment_identify(&s->id, key, id);
	__builtin_memset(&s->first, 0, sizeof(s->first));
	s->first.time_us = time_us;
	s->first.src_port = key->src_port;
	s->first.dst_port = key->dst_port;
	s->first.proto = key->proto;
	bpf_map_update_elem(&fragments, &s->id, &s->first, BPF_ANY);
}

// Fills in a later fragment's ports, and its protocol with IPv6, if its first one was seen at most
// FRAGMENT_LIFE_US before.
static __always_inline void
fragment_get(struct fragment_scratch *s, struct flow_key *key, uint32_t id, uint64_t time_us) {
	fragment_identify(&s->id, key, id);
	const struct fragment_first *first = bpf_map_lookup_elem(&fragments, &s->id);
	if (first == NULL || time_us > first->time_us + FRAGMENT_LIFE_US)
		return;
	key->src_port = first->src_port;
	key->dst_port = first->dst_port;
	if (s->id.v6)
		key->proto = first->proto;
}
