// The count stage: one hot cache line a packet.

#include "stage_count.h"

#include "flow/row.h"

void stage_count_run(struct burst *b) {
	for (uint32_t k = 0; k < b->n_count; k++) {
		uint32_t i = b->count[k];
		const struct packet *p = &b->pkt[i];
		flow_row_count(
			p->row, b->offset_us[i], p->ip_len, p->wire_len, p->matches, p->tcp_flags
		);
	}
}
