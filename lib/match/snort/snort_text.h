// A stretch of rule text without a NUL behind it, and how such text is trimmed, cut and read.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snort_text {
	const char *at;
	const char *end;
};

static inline size_t snort_text_len(struct snort_text t) {
	return (size_t)(t.end - t.at);
}

// Blanks are space, tab, CR, LF, VT and FF.
bool snort_text_is_blank(char c);
struct snort_text snort_text_trim(struct snort_text t);

// Letters compare without case, as keywords do.
bool snort_text_is(struct snort_text t, const char *word);

// Less, equal or more than zero, as strcasecmp.
int snort_text_compare(struct snort_text t, const char *word);

// The same of a text and a row that begins with a pointer to its name: bsearch finds keywords by it.
int snort_text_compare_row(const void *text, const void *row);

// Where one of `stops` first stands outside of square brackets, else the end.
const char *snort_text_outside(struct snort_text t, const char *stops);

// Cuts the piece up to `separator` off *rest, trimmed: one more piece than separators, empty ones
// too. False once the last is taken.
bool snort_text_next(struct snort_text *rest, char separator, struct snort_text *piece);

// The same for the first word, up to a blank. False when only blanks are left.
bool snort_text_next_word(struct snort_text *rest, struct snort_text *word);

// A decimal or 0x-hexadecimal number and nothing else. Returns 0, -EINVAL or -ERANGE (over max).
int snort_text_read_uint(struct snort_text t, uint64_t max, uint64_t *value);

// The same with an optional sign and both bounds.
int snort_text_read_int(struct snort_text t, int64_t min, int64_t max, int64_t *value);

// The beginning of the text as it may be shown on a terminal. Returns `buf`.
#define SNORT_SHOWN 48
const char *snort_text_show(struct snort_text t, char buf[SNORT_SHOWN]);
