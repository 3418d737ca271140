// A set of patterns read from rule files: what was accepted, and what was refused with line and
// reason. hsbench syntax: `id:/regex/flags{min_offset=..,max_offset=..,...}`, one a line.
#pragma once

#include "base/err.h"

#include <stdint.h>

// The flags of a pattern, by the letter that sets each in a file. The values are Hyperscan's
// HS_FLAG_* (asserted in matcher_compile.c), so that only the matcher needs its header.
enum pattern_flag {
	PATTERN_CASELESS = 1 << 0, // i
	PATTERN_DOTALL = 1 << 1, // s
	PATTERN_MULTILINE = 1 << 2, // m
	PATTERN_SINGLEMATCH = 1 << 3, // H
	PATTERN_ALLOWEMPTY = 1 << 4, // V
	PATTERN_UTF8 = 1 << 5, // 8
	PATTERN_UCP = 1 << 6, // W
	PATTERN_PREFILTER = 1 << 7, // P
	PATTERN_SOM_LEFTMOST = 1 << 8, // L
	PATTERN_COMBINATION = 1 << 9, // C
	PATTERN_QUIET = 1 << 10, // Q
};

// Bits beside flags that hs_expr_ext knows (min_offset and so on): which are set.
enum pattern_ext {
	PATTERN_MIN_OFFSET = 1 << 0,
	PATTERN_MAX_OFFSET = 1 << 1,
	PATTERN_MIN_LENGTH = 1 << 2,
	PATTERN_EDIT_DISTANCE = 1 << 3,
	PATTERN_HAMMING_DISTANCE = 1 << 4,
};

struct pattern {
	uint32_t id; // as in the file; unique in its file
	uint32_t file; // index into ruleset.files
	uint32_t line; // 1-based
	char *regex; // owned by the ruleset; for a combination (flag C): the expression over ids
	uint32_t flags; // enum pattern_flag
	uint32_t ext; // enum pattern_ext
	uint64_t min_offset, max_offset, min_length;
	uint32_t edit_distance, hamming_distance;
};

struct refusal {
	uint32_t file;
	uint32_t line;
	char *rule; // what identifies it: "12" for an hsbench id, "" when it could not be read
	char *reason; // for people: this pattern's fault in full
	const char *group; // short constant name that refusals are counted by, e.g. "syntax"
};

struct ruleset {
	char **files;
	uint32_t n_files;
	struct pattern *patterns;
	uint32_t n_patterns;
	struct refusal *refusals; // in order of file and line
	uint32_t n_refusals;
};

// Why a pattern is refused after it was read.
struct pattern_fault {
	uint32_t pattern; // index into ruleset.patterns
	const char *group; // constant, as refusal.group
	const char *reason;
};

// An empty ruleset. NULL when out of memory. Free with ruleset_free.
struct ruleset *ruleset_new(void);
void ruleset_free(struct ruleset *rs);

// Adds a file. Patterns that cannot be read become refusals; only a file that cannot be read at all
// is an error (-errno, err set; the ruleset is as before): one that cannot be opened, is larger than
// RULESET_FILE_MAX, or holds more than RULESET_REFUSED_MAX bad lines. Any octet may be in it.
#define RULESET_FILE_MAX (256u << 20)
#define RULESET_REFUSED_MAX 1000000u
int ruleset_add_file(struct ruleset *rs, const char *path, struct err *err);

// The same from memory; `name` stands for the path. `text` need not be NUL-terminated.
int ruleset_add_text(
	struct ruleset *rs, const char *name, const char *text, uint64_t len, struct err *err
);

// Moves pattern `i` to the refusals. The order of the others stays. Returns 0 or -ENOMEM.
int ruleset_refuse(struct ruleset *rs, uint32_t i, const char *group, const char *reason);

// The same for many at once, in one pass; `faults` in rising order of pattern, each named once.
// Returns 0, or -ENOMEM with the ruleset as before.
int ruleset_refuse_many(struct ruleset *rs, const struct pattern_fault *faults, uint32_t n);
