// A rule's header: action, protocol, addresses, ports, direction.
#pragma once

#include "snort_draft.h"
#include "snort_lex.h"
#include "snort_pool.h"
#include "snort_scope.h"

// The fields, ahead of the options: protocols tcp-pkt and tcp-stream count as options of flow.
// Returns 0, -EINVAL (fault told) or -ENOMEM.
int snort_header_read(
	struct snort_draft *d, struct snort_scope *scope, struct snort_pool *pool,
	const struct snort_text fields[SNORT_FIELDS]
);

// An application protocol's usual ports, once `flow` has said which side is the server. Nothing where
// the header names ports itself or no application. Returns as above.
int snort_header_place_app(
	struct snort_draft *d, struct snort_scope *scope, struct snort_pool *pool
);
