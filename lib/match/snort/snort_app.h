// Application protocols that a rule's header may name in place of a transport.
#pragma once

#include "snort_text.h"

struct snort_app {
	const char *name;
	uint32_t protos; // enum snort_proto
	const char *ports; // the server's usual ones, as in a header; NULL: there are none
};

// NULL: no such protocol.
const struct snort_app *snort_app_find(struct snort_text name);
