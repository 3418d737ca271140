// Both kinds in one table: tests/lint holds each name that any reader or compiler of rules can give
// against it, and it must stand there just once.

#include "rule_group.h"

#include <stddef.h>
#include <string.h>

// At the end of a name * is any word.
static const struct {
	const char *name;
	bool fault;
} groups[] = {
	// Somebody has to mend the rule: hsbench patterns,
	{"combination", true},
	{"compile", true}, // what PCRE2 does not take, too
	{"duplicate_id", true},
	{"extension", true},
	{"flags", true},
	{"syntax", true}, // of either syntax
	// and Snort's and Suricata's.
	{"address", true},
	{"bad option", true},
	{"direction", true},
	{"no sid", true},
	{"pcre: syntax", true},
	{"port", true},
	{"repeated keyword", true},
	{"undefined variable", true},
	{"unknown action", true},
	{"variable", true},
	// What this version, a stream or Hyperscan does not have, or has no room for. Words that are not
	// known may be those of a newer Suricata; of two revisions of a rule one is in use.
	{"action *", false},
	{"byte order dce", false},
	{"byte_extract variable", false},
	{"content modifier *", false},
	{"duplicate sid", false},
	{"flow option *", false},
	{"flowbits group", false},
	{"flowbits reset", false},
	{"flowbits with &", false},
	{"keyword *", false},
	{"limit", false},
	{"not a rule", false},
	{"pcre capture", false},
	{"pcre modifier *", false},
	{"pcre: atomic group", false},
	{"pcre: back-reference", false},
	{"pcre: branch reset", false},
	{"pcre: callout", false},
	{"pcre: condition", false},
	{"pcre: empty match", false},
	{"pcre: escape", false},
	{"pcre: lookaround", false},
	{"pcre: possessive repeat", false},
	{"pcre: recursion", false},
	{"pcre: too large", false},
	{"pcre: verb", false},
	{"sticky buffer *", false},
	{"stream: *", false},
	{"threshold type backoff", false},
	{"too_large", false},
	{"unknown keyword", false},
	{"unknown protocol", false},
	{"unsupported", false},
};

static bool is(const char *group, const char *name) {
	size_t len = strlen(name);
	if (name[len - 1] == '*')
		return strncmp(group, name, len - 1) == 0;
	return strcmp(group, name) == 0;
}

bool rule_group_is_fault(const char *group) {
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (is(group, groups[i].name))
			return groups[i].fault;
	}
	return true;
}
