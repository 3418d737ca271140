// What the headers of a group's rules ask of a direction of a connection: each set of conditions once,
// those that are met most easily first, so that one look decides nearly always. Time is bounded: what is
// beyond STREAM_HEADS_MAX is made into one that is met whenever one of those is. Immutable; any thread.
#pragma once

#include "base/digest.h"
#include "match/detect/detect_packet.h"
#include "match/snort/snort_rule.h"

#include <stdbool.h>
#include <stdint.h>

#define STREAM_HEADS_MAX 256u

struct stream_head; // one set of conditions

struct stream_heads {
	struct stream_head *list; // owned
	uint32_t n;
	struct snort_ranges **united; // owned; sets of the last one, NULL where they are not ours
};

// A direction as conditions want it.
struct stream_ends {
	unsigned __int128 src, dst; // addresses as numbers
	uint16_t src_port, dst_port;
	uint8_t family; // the bit of enum snort_family; 0: neither
	uint8_t dir; // enum detect_dir
};

void stream_ends_init(struct stream_ends *e, const struct flow_key *key, enum detect_dir dir);

// Takes what `n` rules ask; NULL among them is no rule. The rules' sets of numbers are borrowed. Returns
// 0 or -ENOMEM; free with stream_heads_fini in either case.
int stream_heads_init(struct stream_heads *h, const struct snort_rule *const *rules, uint32_t n);
void stream_heads_fini(struct stream_heads *h);

// Some rule may match in the direction, by family, direction, addresses and ports.
bool stream_heads_hold(const struct stream_heads *h, const struct stream_ends *e);

// Two rules, of different sets perhaps, ask the same.
bool stream_heads_equal(const struct snort_rule *a, const struct snort_rule *b);

// Adds what a rule asks.
void stream_heads_digest(const struct snort_rule *r, struct digest *d);
