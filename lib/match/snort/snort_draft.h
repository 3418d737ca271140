// A rule while its options are read: what it holds so far, in arrays of fixed size, and what the
// options that still come need to know. Handed to everything that reads a part of a rule.
#pragma once

#include "snort_arena.h"
#include "snort_fault.h"
#include "snort_rule.h"
#include "snort_text.h"

#include <stdbool.h>
#include <stdint.h>

#define SNORT_TESTS_MAX 256u // contents, pcres, byte_tests ...
#define SNORT_BITS_MAX 64u
#define SNORT_BIT_NAMES_MAX 64u // in one option
#define SNORT_REFERENCES_MAX 128u
#define SNORT_STREAM_SIZES_MAX 4u

struct snort_draft {
	struct snort_rule rule; // its arena holds all that is copied
	struct snort_fault *fault;
	struct snort_test tests[SNORT_TESTS_MAX];
	struct snort_bit bits[SNORT_BITS_MAX];
	const char *references[SNORT_REFERENCES_MAX];
	struct snort_stream_size stream_sizes[SNORT_STREAM_SIZES_MAX];
	uint64_t seen; // keywords that may stand once, by their bit in snort_keyword.c
};

// The next test, cleared, or NULL with the fault told.
struct snort_test *snort_draft_add_test(struct snort_draft *d, enum snort_test_kind kind);

// What `"text"` or `!"text"` holds: *text without the quotes, *negated. Returns 0 or -EINVAL.
int snort_draft_unquote(
	struct snort_draft *d, const char *keyword, struct snort_text *text, bool *negated
);

// A value that does not fit the keyword: refuses by both and by what would be accepted.
int snort_draft_refuse_value(
	struct snort_draft *d, const char *keyword, struct snort_text value, const char *accepted
);

// Reads a condition on a number up to `max`: 5 !5 >5 >=5 <5 <=5 =5 !=5 5<>9 5-9 !5-9; both ends of a
// range are outside of it, as in Suricata. Returns 0 or -EINVAL (fault told).
int snort_draft_read_number(
	struct snort_draft *d, const char *keyword, struct snort_text value, uint64_t max,
	struct snort_number *number
);
