// The variables a rule's header may name ($HOME_NET), as whoever reads the rules hands them in, and
// how application protocols in a header are read.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct snort_var {
	const char *name; // without the $
	const char *value; // addresses or ports, as in a header; may name other variables
};

// A name is looked for here first, then among the var, ipvar and portvar lines of the rule file
// itself, then in the table below: a site's configuration knows better than a downloaded file.
struct snort_vars {
	const struct snort_var *vars;
	uint32_t n;
	// `alert http any any -> any any` looks at the protocol's usual ports where the header names
	// none (false), or at every port of its transport (true).
	bool app_any_port;
};

// What Suricata and Snort come with: HOME_NET is the private IPv4 networks, EXTERNAL_NET all but
// those, servers are in HOME_NET.
const struct snort_var *snort_vars_default(uint32_t *n);
