// A pattern or a rule that is looked for in streams: what identifies it, and its plan.
#pragma once

#include "stream_plan.h"

struct snort_rule;

struct stream_set_rule {
	struct stream_plan *plan; // owned
	uint32_t scope, id; // a pattern's file and id, a rule's gid and sid
	uint32_t number; // STREAM_NO_RULE: refused since
	const struct snort_rule *rule; // once settled; NULL: refused since, or a pattern
};
