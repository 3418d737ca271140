// Puts IPv4 and IPv6 fragments together, so that what is matched is the datagram. Bounded in memory
// and in work a fragment; belongs to one thread; allocates nothing after the start.
#pragma once

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/state_io.h"
#include "packet/flow_key.h"
#include "packet/packet.h"
#include "packet/parse_limits.h"
#include "packet/share.h"

#include <stdbool.h>
#include <stdint.h>

// What is done with fragments, and why:
// - Datagrams are told apart by addresses, identification, for IPv4 the protocol (RFC 791), and by VLAN
//   and tunnel network. The input port does not count: bonded links spread fragments.
// - The first copy of an octet stays, of IPv4 and IPv6 alike, and the datagram goes on; what came a
//   second time and different is counted as a conflict. RFC 5722 has hosts drop such IPv6 datagrams, and
//   Linux drops IPv4's too: yet other hosts take them, and whoever watches must not go blind by a decoy.
//   So no datagram is given up for its overlaps. Suricata does the same.
// - The same holds for where a datagram ends: the first end that is told stays, and fragments that
//   speak against it, or an end before octets that are there, are refused, counted as conflicts too.
// - A fragment that would make the datagram longer than 65,535 octets is refused (ping of death): with
//   its own header for IPv4, with the extension headers ahead for IPv6 (RFC 8200, section 4.5).
// - Ahead of the last, a length that is no multiple of 8 is cut down to one for IPv4, as hosts do, and
//   refused for IPv6 (RFC 8200).
// - Atomic fragments (offset 0 and the last, RFC 6946) are whole packets: the parser never flags them.
// - A fragment whose end the capture or the frame does not hold is refused.
// - A datagram is given up DEFRAG_LIFE_US of event time after the first of it that came, when
//   it has had too many fragments, and when its memory is needed: the oldest first.
// - The identification may come again before the old datagram was given up (RFC 4963): then octets of
//   two datagrams mix here as they do in hosts.
#define DEFRAG_LIFE_US FRAGMENT_LIFE_US

// Fewer than this and a datagram over the smallest links (68 octets) would not get through.
#define DEFRAG_FRAGMENTS 2048

// The least memory: one datagram of full length and some.
#define DEFRAG_MEMORY_MIN (128u << 10)

// Octets of the longest packet it gives.
#define DEFRAG_PACKET_MAX (40 + 65535)

struct defrag; // opaque

struct defrag_config {
	uint32_t datagrams; // put together at one time; > 0
	uint64_t memory; // octets for what they hold; at least DEFRAG_MEMORY_MIN is taken
	uint32_t fragments; // a datagram may have; 0: DEFRAG_FRAGMENTS
	uint32_t tunnels; // enum tunnel, as the parser's
	struct hash_seed seed;
	const struct mem *mem; // for the big tables; borrowed
};

enum defrag_result {
	DEFRAG_WHOLE, // no fragment: match the packet as it is
	DEFRAG_HELD, // match nothing: what it carries is matched with the datagram
	DEFRAG_COMPLETE, // match the datagram, and let this packet have its events
	DEFRAG_REFUSED, // not taken: what can be matched of it is its own payload
};

// Why a fragment was refused.
enum defrag_refused {
	DEFRAG_REFUSED_CUT, // its end is missing: snapped, or longer than its frame
	DEFRAG_REFUSED_LENGTH, // nothing in it, or no multiple of 8 where it must be one
	DEFRAG_REFUSED_TOO_BIG, // beyond 65,535 octets
	DEFRAG_REFUSED_END, // speaks against the datagram's end; a conflict
	DEFRAG_REFUSED_TOO_MANY, // fragments; the datagram is given up
	DEFRAG_REFUSED_COUNT,
};

// Why a datagram was given up.
enum defrag_given_up {
	DEFRAG_GIVEN_UP_TIMEOUT,
	DEFRAG_GIVEN_UP_MEMORY, // for want of memory or entries
	DEFRAG_GIVEN_UP_FRAGMENTS, // had too many
	DEFRAG_GIVEN_UP_END, // the input ended
	DEFRAG_GIVEN_UP_COUNT,
};

// fragments = taken + the sum of refused; begun = complete + the sum of given_up + held; octets_in =
// octets_out + octets_given_up + octets_held.
struct defrag_stats {
	uint64_t fragments; // that came
	uint64_t taken;
	uint64_t refused[DEFRAG_REFUSED_COUNT];
	uint64_t overlaps; // fragments with octets that were there already
	uint64_t conflicts; // fragments with different octets, or a different end
	uint64_t begun; // datagrams
	uint64_t complete;
	uint64_t given_up[DEFRAG_GIVEN_UP_COUNT];
	uint64_t held; // datagrams at this moment
	uint64_t octets_in; // taken, each octet of a datagram once
	uint64_t octets_out;
	uint64_t octets_given_up;
	uint64_t octets_held;
};

// A datagram as one packet, of link type LINK_RAW: a plain IP header (the first fragment's addresses,
// TOS and TTL; no options, no extension headers ahead of where it was cut; the checksum right), then
// what the fragments carried, in one piece. It has the time, input port and lateness of the packet that
// completed it. Let parse_packet find key and payload: the datagram may hold a tunnel, and in it
// another fragment. What was around the datagram, the key of the packet that completed it tells:
// defrag_inherit.
struct defrag_datagram {
	struct packet pkt; // `data` valid until the next call with the same struct defrag
	uint32_t fragments; // that came of it
	bool conflict; // some of them had different octets or another end
};

// NULL when out of memory. Free with _free.
struct defrag *defrag_new(const struct defrag_config *conf);
void defrag_free(struct defrag *d);

// Takes a packet with PACKET_FRAGMENT or PACKET_CARRIER_FRAGMENT; any other is DEFRAG_WHOLE. `data` is
// the frame's first octet, of which `len` follow each other (packets in several segments: gathered).
// The outermost fragment in the frame counts. Fills `out` when DEFRAG_COMPLETE. A packet given out may,
// once parsed, be handed in again: tunnels hold fragments inside of fragments.
enum defrag_result defrag_add(
	struct defrag *d, const struct packet *pkt, const uint8_t *data, uint32_t len,
	struct defrag_datagram *out
);

// Puts the VLAN tags, MPLS label and tunnel network that were around a datagram into its key; `last` is
// the key of the packet that completed it.
void defrag_inherit(struct flow_key *key, const struct flow_key *last);

// Gives up datagrams whose time was over at `now_us`, some of them at each call. Now and then; with the
// watermark (newest time less lateness), so that nothing depends on who else's packets came by.
void defrag_advance(struct defrag *d, int64_t now_us);

// Gives up all there is: the input has ended.
void defrag_flush(struct defrag *d);

// Saved and loaded as base/state_io.h says; `share` NULL: all is taken. Of the counters a load touches the
// levels alone, and given_up[DEFRAG_GIVEN_UP_MEMORY] (with octets_given_up) by what finds no room.
void defrag_save_begin(struct defrag *d, struct state_writer *to);
bool defrag_save_step(struct defrag *d);
void defrag_save_end(struct defrag *d);
int defrag_load(
	struct defrag *d, const struct state_record *r, const struct share *share, struct err *err
);

struct defrag_stats defrag_stats(const struct defrag *d);
const char *defrag_refused_name(enum defrag_refused reason);
const char *defrag_given_up_name(enum defrag_given_up reason);
