// Sorts ports into classes: two ports are of one class when the same rules name them. What a packet is
// scanned for then depends on its port's class alone.
#pragma once

#include "base/hash.h"
#include "match/snort/snort_ranges.h"

#include <stdbool.h>
#include <stdint.h>

#define DETECT_PORTS 65536u

// A rule names a set of ports. Each rule once.
struct detect_named {
	uint32_t rule;
	uint32_t cost; // of looking for it, whatever the unit
	const struct snort_ranges *ports;
};

struct detect_class {
	uint32_t port; // the first one of it
	uint32_t n_ports;
	uint32_t n_rules; // that name them
	uint64_t cost; // of them
};

#define DETECT_NO_CLASS UINT32_MAX

struct detect_classes {
	uint16_t *of; // owned; by port
	struct detect_class *list; // owned; in order of the first port
	uint32_t n; // at least 1
};

// Ports from 0 to `max_port`. Returns 0 or -ENOMEM; free with detect_classes_fini in either case. The
// seed must be nobody's knowledge: rules are told apart by it.
int detect_classes_init(
	struct detect_classes *c, const struct hash_seed *seed, const struct detect_named *named,
	uint32_t n, uint32_t max_port
);
void detect_classes_fini(struct detect_classes *c);

// Makes one class, the last, of all that `keep` (by class) does not keep; *merged is its number, or
// DETECT_NO_CLASS where nothing was to be done. Its `n_rules` and `cost` are upper bounds. Returns 0 or
// -ENOMEM.
int detect_classes_merge(struct detect_classes *c, const bool *keep, uint32_t *merged);
