// Scans beside a direction's stream: octets by themselves, and what the end of a stream would bring.
#pragma once

#include "stream_pool_tell.h"

// The groups of the set in use that such a direction is scanned for, to `group` of STREAM_GROUPS_MAX.
uint32_t
stream_aside_groups(const struct stream_pool *p, const struct stream_where *where, uint32_t *group);

// Scans octets alone and counts them as over the budget; goes on with the call that was begun. Rules
// that the `older` parts of the stream speak for are left to them; NULL: there are none.
void stream_aside_over_budget(
	struct stream_pool *p, const struct stream_where *where, const struct stream_part *older,
	const uint8_t *data, uint32_t len, const struct stream_report *report
);
