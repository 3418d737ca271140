// What the fields of a key are compared with: numbers, protocols by name, addresses and networks.
#pragma once

#include "base/err.h"
#include "base/key_cut.h"
#include "flow/where_program.h"
#include "flow/where_scan.h"

#include <stdbool.h>

struct where_operand {
	struct where_range range; // all that the word stands for: a network holds many addresses
	bool network;
};

// Reads the sign at hand as a value of `field`, whose addresses are cut in the key as `cut` says; moves on.
// 0 or -EINVAL with err set, "what is wrong (what is accepted)".
int where_operand_read(
	struct where_scan *scan, enum field field, const struct key_cut *cut,
	struct where_operand *operand, struct err *err
);

// Whether the key can have a value that is equal to it: one address behind whose prefix there is nothing.
// 0 or -EINVAL with err set, as above.
int where_operand_reach(
	const struct where_operand *operand, enum field field, const struct key_cut *cut,
	struct err *err
);

// What is accepted, for people: "a number, 0 to 65535".
const char *where_operand_accepted(enum field field);
