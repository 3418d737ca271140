// The rule engine for packets: rules in Snort's and Suricata's syntax, each packet alone. A packet is
// scanned for the gates of those rules only that its protocol, direction and ports let through; what a
// gate lets through is decided exactly, header, bits and payload.
#pragma once

#include "base/err.h"
#include "base/state_io.h"
#include "detect_packet.h"
#include "match/snort/snort_rules.h"
#include "packet/share.h"

#include <stdbool.h>
#include <stdint.h>

struct detect; // immutable once made: any thread may run it with a scratch of its own
struct detect_scratch; // belongs to one thread

struct detect_config {
	const char *cache_dir; // where compiled databases are kept; NULL: nowhere
	// TCP rules that look at streams (not per_packet) are left out of detect_run: somebody else
	// scans for them, and tells by detect_found.
	bool streams;
	// Nobody tells directions of flows, or hardly ever: groups are made for packets of an unknown
	// one. Else those share a few large groups.
	bool undirected;
	uint32_t groups; // of packets, by the ports that rules name; 0: DETECT_GROUPS, 1: no groups
	uint32_t xbits; // marks on addresses that a thread can keep; 0: DETECT_XBITS
	uint32_t probe_ms; // of processor time for one expression; 0: DETECT_PROBE_MS
	// Told now and then while it compiles, `done` of `all`. May be NULL.
	void (*progress)(void *ctx, uint32_t done, uint32_t all);
	void *ctx;
};

#define DETECT_GROUPS 64u
#define DETECT_XBITS 65536u
#define DETECT_FLOW_WORDS_MAX 16u

struct detect_stats {
	uint32_t rules; // all of the set
	uint32_t scanned; // that detect_run looks for
	uint32_t without_gate; // of those: looked at for every packet of their groups
	uint32_t gates; // expressions that differ
	uint32_t probed; // expressions that were tried in a process of their own
	uint32_t groups;
	uint32_t from_cache; // groups
	uint32_t merged; // classes of ports without a group of their own
	uint64_t database_octets; // of all groups
	uint64_t table_octets; // of all that chooses groups and rules, about
	uint64_t compile_us; // wall-clock time that making it took
};

// Compiles every rule. One that cannot be compiled is moved to the refusals of `rs`: a pcre that PCRE2
// does not take ("compile"), or an expression that takes too much time or memory ("too_large"; dear
// ones are tried in a child process), or a flowbit beyond DETECT_FLOW_BITS_MAX ("limit"). `rs` must
// then stay as it is until detect_free. NULL with err set when out of memory or where Hyperscan cannot
// run. May take minutes; wants 1 MB of stack.
struct detect *
detect_new(struct snort_rules *rs, const struct detect_config *conf, struct err *err);
void detect_free(struct detect *d);

void detect_stats(const struct detect *d, struct detect_stats *stats);

// Of struct detect_flow.bits: 64-bit words a flow needs, DETECT_FLOW_WORDS_MAX at most; 0: none.
uint32_t detect_flow_words(const struct detect *d);

// What a thread needs, xbits included: they begin anew with each scratch. NULL when out of memory.
struct detect_scratch *detect_scratch_new(const struct detect *d);
void detect_scratch_free(struct detect_scratch *s);

// Which rules match the packet: their indexes in the set, each once, to `rules`, which has room for all
// rules of the set. Returns how many. Those that change flowbits or xbits come first, in the order in
// which they did (Suricata's); the others rise. noalert rules are among them. No allocation, no system
// call, and bounded time.
uint32_t detect_run(
	const struct detect *d, struct detect_scratch *s, const struct detect_packet *in,
	uint32_t *rules
);

// For those who scan streams: what `rule` (its index in the set) looks for was found in octets that a
// packet set free. Whether all else holds is decided by the next detect_run or detect_decide.
void detect_found(const struct detect *d, struct detect_scratch *s, uint32_t rule);

// As detect_run, but the payload is not looked at: decides about what was found alone.
uint32_t detect_decide(
	const struct detect *d, struct detect_scratch *s, const struct detect_packet *in,
	uint32_t *rules
);

// Whether some rule looks at the IP header's TTL.
bool detect_wants_ttl(const struct detect *d);

// Whether some rule tests an xbit of one address: such marks are a thread's own, so that what is found
// depends on which packets meet in it. Those of pairs of addresses are whole where both directions meet.
bool detect_wants_hosts(const struct detect *d);

// Stands for what the flowbits and xbits of these rules mean, by their names; never 0.
uint64_t detect_names(const struct detect *d);

// The marks of a scratch (xbits), saved and loaded as base/state_io.h says.
void detect_save_begin(const struct detect *d, struct detect_scratch *s, struct state_writer *to);
bool detect_save_step(struct detect_scratch *s);
void detect_save_end(struct detect_scratch *s);
int detect_load(
	const struct detect *d, struct detect_scratch *s, const struct state_record *r,
	const struct share *share, struct err *err
);

// What this scratch has counted so far.
struct detect_counts {
	uint64_t packets;
	uint64_t scans; // of a group's database
	uint64_t verified; // times that a rule's payload was looked at
	uint64_t limited; // of those: a pcre met a limit, and counted as one that does not match
	uint64_t xbits_full; // marks that found no room
};
void detect_scratch_counts(const struct detect_scratch *s, struct detect_counts *counts);
