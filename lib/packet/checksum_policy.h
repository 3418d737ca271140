// Decides by its checksum whether a packet is matched (configuration: match.checksums): what its receiver
// drops must not be taken for what the receiver sees. Bounded; belongs to one thread.
#pragma once

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/state_io.h"
#include "packet/checksum.h"
#include "packet/flow_tuple.h"

#include <stdbool.h>
#include <stdint.h>

// ignore: everything is matched.
// check:  what is bad, short or partial is not matched. For taps and mirror ports.
// auto:   for captures of any origin. Where a host captures its own packets, its network card finishes
//         their checksums behind the capture (they are partial, with some cards bad), and received
//         segments may have been merged ahead of it (they are partial). So:
//         - Only TCP is refused: any other packet is matched alone and can hide no other.
//         - Each direction of a connection is judged by its segments with a SYN or payload; a reset or a
//           bare acknowledgement proves nothing, because hosts make some of them past the card.
//         - If the first is right, bad and short ones are refused from then on; once one with payload was
//           right, partial ones, too. Partial payload ahead of that means that partial is how the
//           sender leaves it: many finish headers themselves, and leave only data to the card.
//         - If the first is partial, partial ones are taken, bad and short ones refused. If it is bad,
//           everything is taken. That ends with a right SYN, the latter also with three right ones in a
//           row.
//         - Where partial ones are refused, those are taken that are longer than a wire carries: they
//           were merged, and so may others be, which are taken from then on. And so are all where the
//           other direction has partial or bad ones: the host that captures is the receiver; bad ones
//           if both hold, merged by a card.
//         Whoever makes his first payload look partial can pass decoys off: taps want `check`.
//         This is decided by connection, and not by a share of the input's first packets (Suricata's way:
//         more than a tenth of the first 1,000 is bad), because then it would depend on what else
//         comes in, hence on the number of workers, and nothing could be said of the first packets.
// Packets whose checksum is unknown, and those that carry none, are matched in each mode.
enum checksum_mode {
	CHECKSUM_MODE_AUTO,
	CHECKSUM_MODE_CHECK,
	CHECKSUM_MODE_IGNORE,
};

struct checksum_policy; // opaque

struct checksum_stats {
	uint64_t found[CHECKSUM_COUNT]; // packets; nothing when they are ignored
	uint64_t refused[CHECKSUM_COUNT]; // of these
	uint64_t forgotten; // connections given up for want of room
};

// `connections` are remembered at one time, rounded up to a power of two, 16 octets each; only auto needs
// them. `mem` is borrowed. NULL when out of memory. Free with _free.
struct checksum_policy *checksum_policy_new(
	enum checksum_mode mode, uint32_t connections, const struct hash_seed *seed,
	const struct mem *mem
);
void checksum_policy_free(struct checksum_policy *p);

// Whether to match the packet; arguments as for checksum_packet. Both directions of a connection, in
// order of arrival, go to the same policy. `side` is the key's, hashed with the policy's seed, where that
// is known already, else NULL.
bool checksum_policy_take(
	struct checksum_policy *p, const struct packet *pkt, const struct flow_key *key,
	const struct flow_side *side, const uint8_t *data, uint32_t len
);

// For bursts, ahead of it: fetches what is remembered of a TCP packet's connection.
void checksum_policy_prefetch(const struct checksum_policy *p, const struct flow_side *side);

struct checksum_stats checksum_policy_stats(const struct checksum_policy *p);

// Saved and loaded as base/state_io.h says, but for the counters. Connections are known by fingerprints
// alone, so the seed goes with them and is the policy's from then on; what was saved with another seed than
// the first is not taken. Nobody can tell whose they are: every worker gets them all, as far as there is
// room.
void checksum_policy_save_begin(struct checksum_policy *p, struct state_writer *to);
bool checksum_policy_save_step(struct checksum_policy *p);
void checksum_policy_save_end(struct checksum_policy *p);
int checksum_policy_load(struct checksum_policy *p, const struct state_record *r, struct err *err);
const struct hash_seed *checksum_policy_seed(const struct checksum_policy *p);
