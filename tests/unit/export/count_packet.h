// Counts a packet as a worker does, for tests of what becomes of it.
#pragma once

#include "flow/pane.h"

#include <criterion/criterion.h>
#include <stdint.h>

// A packet of one octet from a port, in the pane of its time, which is returned.
static inline struct pane *count_packet(struct pane_store *store, int64_t time_us, uint16_t port) {
	struct pane *p = pane_store_find(store, time_us);
	if (p == NULL)
		p = pane_store_open(store, time_us);
	cr_assert_not_null(p);
	struct flow_key k = {.src_port = port, .hash = port};
	flow_row_count(
		flow_table_find_insert(&p->table, &k), (uint32_t)(time_us - p->start_us), 1, 1, 0, 0
	);
	return p;
}
