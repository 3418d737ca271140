// One line of an hsbench pattern file: `id:/regex/flags{extended parameters}`, a comment, or blank.
#pragma once

#include "base/err.h"
#include "ruleset.h"

#include <stdbool.h>
#include <stdint.h>

// Hyperscan's own limit on an expression, in octets.
#define HSBENCH_REGEX_MAX 16000

// Room for all letters of a pattern's flags, with the NUL.
#define HSBENCH_FLAGS_MAX 16

// The letters of `flags` (enum pattern_flag), as a file has them.
void hsbench_print_flags(uint32_t flags, char to[HSBENCH_FLAGS_MAX]);

struct hsbench_line {
	bool has_id; // p.id could be read
	struct pattern pattern; // regex to be freed; file and line are the caller's to set
	const char *group; // of a refusal
	struct err reason; // of a refusal
};

// Reads `len` octets without their line end. Returns 1 for a pattern, 0 for a line that holds none,
// -EINVAL for a refusal (group and reason set, no regex), -ENOMEM.
int hsbench_read_line(struct hsbench_line *l, const char *text, uint64_t len);
