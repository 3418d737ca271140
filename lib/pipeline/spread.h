// Which packets go to the same worker. Matching in streams and flows needs more to meet in one place than
// counting does, so there are two ways to spread.
//
// By flow: both directions of a 5-tuple meet, and all fragments of a datagram. That balances best, and
// will do for counting and for matching packet by packet. But a fragmented datagram may be with another
// worker than the rest of its flow, as the ports are not in all of its fragments.
//
// By host: all packets between two addresses meet. Then a connection, its fragmented datagrams, and the
// marks that rules put on flows and on pairs of addresses are one worker's, for any number of workers. It
// is what RSS does with addresses alone. The innermost addresses count, so that what is in a tunnel is
// spread, too; and all packets with the same addresses in their key meet, in order of arrival. Not so, where
// they have to be put together (`whole`), datagrams that were fragmented with a tunnel in them: only their
// first fragment shows what is inside, so all go by the addresses of the outermost fragmented header, and
// with them what they hold.
//
// Neither looks at VLANs, labels or tunnel networks: they may differ between directions.
#pragma once

#include "base/hash.h"
#include "packet/share.h"
#include "packet/source.h"

#include <stdbool.h>
#include <stdint.h>

// Octets ahead of the end of a fragment's headers, in frames that come in several segments; of what is
// further in nothing is known but the key.
#define SPREAD_HEAD 16384

// One thread's.
struct spread {
	struct hash_seed seed;
	uint32_t tunnels; // enum tunnel, as the parser's
	bool by_host;
	bool whole; // by host: where a tunnel was fragmented, by the outermost fragmented header
	uint8_t head[SPREAD_HEAD];
};

// A number that is the same for all packets that must meet, and evenly distributed. `key` is unmasked,
// `p` from `src` and parsed.
uint32_t spread_packet(
	struct spread *s, const struct source *src, const struct packet *p,
	const struct flow_key *key
);

// Of `n` workers the one that such packets go to.
static inline uint32_t spread_worker(uint32_t hash, uint32_t n) {
	return (uint32_t)((uint64_t)hash * n >> 32);
}

// What was saved goes where its packets will: the part of one of `n` workers. Borrowed.
struct spread_share {
	const struct spread *spread;
	uint32_t worker, n;
};

// `of` is borrowed, too.
struct share spread_share(const struct spread_share *of);
