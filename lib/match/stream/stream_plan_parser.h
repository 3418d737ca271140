// A parser of expressions between its files: where it stands and how nodes are made.
#pragma once

#include "stream_plan_regex.h"

#include <stdbool.h>
#include <stdint.h>

struct regex_parser {
	const char *at, *end;
	uint32_t flags; // enum snort_pcre_flag, as they are here
	uint32_t depth;
	uint32_t captures; // groups with a number, so far
	struct snort_arena *arena;
	struct snort_fault *fault;
};

// All of these return 0, -EINVAL (fault told) or -ENOMEM, and leave the parser behind what they
// read.

// Up to `)` or the end.
int regex_read_alternatives(struct regex_parser *p, struct regex_node **node);

// Behind `(`, up to and with `)`. Modifiers give an empty node.
int regex_read_group(struct regex_parser *p, struct regex_node **node);

// A node of no octets.
int regex_make_empty(struct regex_parser *p, struct regex_node **node);

// Tell the fault and return -EINVAL.
int regex_refuse(struct regex_parser *p, const char *what);
int regex_refuse_by_name(struct regex_parser *p, const char *group, const char *sign);

// Whether what comes is `text`; then it is taken.
bool regex_take(struct regex_parser *p, const char *text);
