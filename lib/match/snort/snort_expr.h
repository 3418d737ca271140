// What a header says about addresses and ports: lists in brackets, negations, variables.
#pragma once

#include "snort_fault.h"
#include "snort_pool.h"
#include "snort_rule.h"
#include "snort_scope.h"
#include "snort_text.h"

// Returns 0, -EINVAL (fault told) or -ENOMEM. A set that nothing is in is a fault. The sets belong to
// the pool.
int snort_expr_addresses(
	struct snort_scope *s, struct snort_pool *pool, struct snort_text text,
	struct snort_addresses *addresses, struct snort_fault *fault
);
int snort_expr_ports(
	struct snort_scope *s, struct snort_pool *pool, struct snort_text text,
	const struct snort_ranges **ports, struct snort_fault *fault
);

// The results for the latest texts, which a scope keeps: most rules say the same few things.
struct snort_cached *snort_expr_cache_new(void);
