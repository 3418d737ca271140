// A record is made where its key's lower end is the source, or where only the other direction is there.

#include "readout.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

int readout_init(struct readout *r, const struct biflow *biflow) {
	*r = (struct readout){.biflow = biflow};
	r->sum = mem_lines(READOUT_BATCH * sizeof(*r->sum));
	r->back = calloc(READOUT_BATCH, sizeof(*r->back));
	return r->sum == NULL || r->back == NULL ? -ENOMEM : 0;
}

void readout_fini(struct readout *r) {
	free(r->sum);
	free(r->back);
	*r = (struct readout){0};
}

void readout_begin(struct readout *r, const struct sums *from) {
	r->from = from;
	r->at = 0;
}

uint32_t readout_next(struct readout *r) {
	uint32_t n = 0;
	for (; r->at < r->from->n && n < READOUT_BATCH; r->at++) {
		const struct flow_sum *sum = &r->from->sum[r->at];
		const struct flow_sum *other = biflow_other(r->biflow, r->from, sum);
		if (other != NULL && biflow_side(&sum->key) > 0)
			continue;
		biflow_record(sum, other, &r->sum[n], &r->back[n]);
		n++;
	}
	if (n < READOUT_BATCH)
		r->from = NULL;
	return n;
}
