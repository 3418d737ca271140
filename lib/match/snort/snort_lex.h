// Cuts a rule's text into the seven fields of its header and its options, without asking what any of
// them means.
#pragma once

#include "snort_fault.h"
#include "snort_text.h"

enum snort_field {
	SNORT_FIELD_ACTION,
	SNORT_FIELD_PROTO,
	SNORT_FIELD_SRC,
	SNORT_FIELD_SRC_PORTS,
	SNORT_FIELD_DIRECTION,
	SNORT_FIELD_DST,
	SNORT_FIELD_DST_PORTS,
	SNORT_FIELDS,
};

struct snort_option {
	struct snort_text name;
	struct snort_text value; // trimmed, quotes included; at == NULL: there is none
};

#define SNORT_OPTIONS_MAX 1024u

// Pieces of the text that was cut, valid as long as it is.
struct snort_lexed {
	struct snort_text fields[SNORT_FIELDS];
	struct snort_option options[SNORT_OPTIONS_MAX];
	uint32_t n_options;
};

// Returns 0 or -EINVAL (fault told). Brackets hold blanks together in the header; a value that begins
// with a quote ends behind the next one that no backslash precedes, any other before a semicolon.
int snort_lex_rule(struct snort_lexed *l, struct snort_text rule, struct snort_fault *fault);

// What stands behind `sid:` in a rule, however broken the rest is. 0: nothing that could be a sid.
uint32_t snort_lex_sid(struct snort_text rule);
