// One rule in Snort's and Suricata's syntax, as data: what the header and the options say, with
// variables resolved and shorthands written out. Where the two differ it means what Suricata does.
#pragma once

#include "snort_arena.h"
#include "snort_ranges.h"
#include "snort_test.h"

#include <stdbool.h>
#include <stdint.h>

// Sluice is passive: all of them count and alert alike, nothing is dropped or rejected.
enum snort_action {
	SNORT_ALERT,
	SNORT_DROP, // drop, sdrop, block
	SNORT_REJECT, // reject, rejectsrc, rejectdst, rejectboth
};

// A set of protocols of the innermost IP packet.
enum snort_proto {
	SNORT_TCP = 1 << 0,
	SNORT_UDP = 1 << 1,
	SNORT_ICMP = 1 << 2,
	SNORT_ICMPV6 = 1 << 3,
	SNORT_SCTP = 1 << 4,
	SNORT_OTHER = 1 << 5, // all that have no bit of their own
	SNORT_IP = (1 << 6) - 1,
};

enum snort_family {
	SNORT_V4 = 1 << 0,
	SNORT_V6 = 1 << 1,
};

// Sets that are equal are the same pointer, in all rules of one struct snort_rules.
struct snort_addresses {
	const struct snort_ranges *v4, *v6; // never NULL; one of them may be empty
};

enum snort_flow {
	SNORT_TO_SERVER = 1 << 0,
	SNORT_TO_CLIENT = 1 << 1,
	SNORT_ESTABLISHED = 1 << 2,
	SNORT_NOT_ESTABLISHED = 1 << 3,
	SNORT_STATELESS = 1 << 4,
	SNORT_ONLY_STREAM = 1 << 5, // also protocol tcp-stream
	SNORT_NO_STREAM = 1 << 6, // also protocol tcp-pkt
};

// A condition on a number: that it is in lo..hi or, negated, that it is not.
struct snort_number {
	bool given; // else anything will do
	bool negated;
	uint64_t lo, hi; // both belong to it
};

static inline bool snort_number_holds(const struct snort_number *n, uint64_t value) {
	return !n->given || (value >= n->lo && value <= n->hi) != n->negated;
}

enum snort_flags_mode {
	SNORT_FLAGS_NONE, // no condition
	SNORT_FLAGS_EXACT, // these and no others
	SNORT_FLAGS_ALL, // + at least these
	SNORT_FLAGS_ANY, // * one of these
	SNORT_FLAGS_NOT, // ! not all of these
};

// A condition on a TCP header's flags, octet 13: `seen & mask` against `flags`.
struct snort_flags {
	enum snort_flags_mode mode;
	uint8_t flags;
	uint8_t mask;
};

static inline bool snort_flags_hold(const struct snort_flags *f, uint8_t seen) {
	uint8_t of_interest = seen & f->mask;
	switch (f->mode) {
	case SNORT_FLAGS_NONE:
		return true;
	case SNORT_FLAGS_EXACT:
		return of_interest == f->flags;
	case SNORT_FLAGS_ALL:
		return (of_interest & f->flags) == f->flags;
	case SNORT_FLAGS_ANY:
		return (of_interest & f->flags) != 0;
	case SNORT_FLAGS_NOT:
		return (of_interest & f->flags) != f->flags;
	}
	return false;
}

enum snort_bit_op {
	SNORT_BIT_SET,
	SNORT_BIT_UNSET,
	SNORT_BIT_TOGGLE,
	SNORT_BIT_ISSET, // a condition: one of the bits is set
	SNORT_BIT_ISNOTSET, // a condition: one of the bits is not set
};

enum snort_bit_track {
	SNORT_BIT_FLOW, // flowbits: belongs to the flow, both directions
	SNORT_BIT_SRC, // xbits: to the packet's source address
	SNORT_BIT_DST,
	SNORT_BIT_PAIR, // to the two addresses, either direction
};

// One flowbits or xbits option. Conditions are tested with the rule, the others done when it matched.
struct snort_bit {
	enum snort_bit_op op;
	enum snort_bit_track track;
	const char *const *names; // one, except for ISSET and ISNOTSET
	const uint32_t *ids; // for each name: its number in snort_rules.flowbits or .xbits
	uint32_t n;
	uint32_t expire_s; // xbits, SET: 30 where not given
};

enum snort_size_of {
	SNORT_SIZE_SERVER, // octets the server sent
	SNORT_SIZE_CLIENT,
	SNORT_SIZE_BOTH, // each of the two
	SNORT_SIZE_EITHER, // one of the two
};

struct snort_stream_size {
	enum snort_size_of of;
	struct snort_number number;
};

enum snort_threshold_type {
	SNORT_THRESHOLD_NONE,
	SNORT_THRESHOLD_LIMIT, // the first `count` in `seconds` alert
	SNORT_THRESHOLD_THRESHOLD, // every `count`th in `seconds` alerts
	SNORT_THRESHOLD_BOTH, // the `count`th in `seconds` alerts, once
	SNORT_THRESHOLD_FILTER, // detection_filter: all behind the first `count` in `seconds` alert
};

enum snort_threshold_track {
	SNORT_BY_SRC,
	SNORT_BY_DST,
	SNORT_BY_BOTH,
	SNORT_BY_RULE,
	SNORT_BY_FLOW,
};

struct snort_threshold {
	enum snort_threshold_type type;
	enum snort_threshold_track track;
	uint32_t count, seconds; // at least 1
};

// Strings are NUL-terminated, of any other octets, and like all that is pointed to (but sets of
// numbers and the application's name) the rule's own.
struct snort_rule {
	uint32_t file; // index into snort_rules.files
	uint32_t line; // 1-based, where it begins
	enum snort_action action;
	uint32_t protos; // enum snort_proto
	uint32_t families; // enum snort_family
	// The application protocol that the header names, constant; NULL: none.
	const char *app;
	struct snort_addresses src, dst;
	// A protocol without ports has port 0.
	const struct snort_ranges *src_ports, *dst_ports;
	// One of the packet's two ports must be in it: an application's usual ports where nothing says
	// which side is the server. NULL: no such condition.
	const struct snort_ranges *either_ports;
	bool both_ways; // <>: source and destination may also be swapped

	uint32_t gid, sid, rev;
	uint32_t priority; // 1..255; 0: not given
	const char *msg; // NULL: none, as the next three
	const char *classtype;
	const char *metadata; // as written; of several options joined by ", "
	const char *const *references; // as written: "cve,2019-0708"
	uint32_t n_references;

	uint32_t flow; // enum snort_flow
	bool noalert; // matches count and set bits, nothing is reported
	// Looks at packets, not at the stream, in every mode: offset, depth, startswith, endswith, dsize,
	// bsize, flags, tcp-pkt or no_stream. Always true for what can have no stream.
	bool per_packet;
	struct snort_number dsize; // octets of payload
	struct snort_number bsize; // the same: the payload is the only buffer there is
	struct snort_number itype, icode, ttl;
	struct snort_flags flags;
	struct snort_threshold threshold;
	struct snort_test *tests; // in the order of the rule; may be none
	uint32_t n_tests;
	struct snort_bit *bits; // in the order of the rule
	uint32_t n_bits;
	struct snort_stream_size *stream_sizes; // all must hold
	uint32_t n_stream_sizes;

	struct snort_arena arena; // holds it all
};
