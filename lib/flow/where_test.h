// Reading one comparison of a condition: `dest_port in 80, 8000..8080`, `src_ip != 10.0.0.0/8`.
#pragma once

#include "base/err.h"
#include "base/key_cut.h"
#include "flow/where_program.h"
#include "flow/where_scan.h"

#include <stdint.h>

struct where_reader {
	struct where_scan scan;
	uint32_t fields; // FIELD_BIT()s of the key
	const struct key_cut *cut; // of the key; borrowed
	struct err *err; // not NULL
	struct where *where; // its ranges grow; borrowed
	uint32_t n_ranges;
};

// Reads a comparison, which begins at the sign at hand, into `test`, whose `next` stays as it is. 0 or a
// negative number with err set, "column N: what is wrong (what is accepted)".
int where_test_read(struct where_reader *r, struct where_test *test);

// Refuses the sign at hand where something else is accepted. Returns -EINVAL.
int where_refuse(struct where_reader *r, const char *accepted);

// Puts the column ahead of what is wrong. Returns -EINVAL.
int where_refuse_at(struct where_reader *r, uint32_t column);
