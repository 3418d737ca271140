// A rule file's lines as rules see them: without blank lines and comments, those that end in a
// backslash joined with what follows.
#pragma once

#include "snort_text.h"

struct snort_line {
	struct snort_text
		text; // trimmed; valid until the next call. Of what is too long: the start
	uint32_t number; // 1-based, of the first line
	bool too_long;
};

struct snort_lines {
	struct snort_text rest;
	uint32_t number; // of the line at rest.at
	uint32_t max; // octets of a joined line
	char *joined;
};

// `text` must stay as long as the lines are read. Returns 0 or -ENOMEM.
int snort_lines_init(struct snort_lines *l, struct snort_text text, uint32_t max);
void snort_lines_fini(struct snort_lines *l);

// False at the end of the text.
bool snort_lines_next(struct snort_lines *l, struct snort_line *line);
