// A record is made where its key's lower end is the source, or where only the other direction is there.

#include "readout.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

int readout_init(
	struct readout *r, const struct biflow *biflow, const struct ranking_config *ranking
) {
	*r = (struct readout){.biflow = biflow};
	r->sum = mem_lines(READOUT_BATCH * sizeof(*r->sum));
	r->back = calloc(READOUT_BATCH, sizeof(*r->back));
	if (r->sum == NULL || r->back == NULL)
		return -ENOMEM;
	return ranking->top > 0 ? ranking_init(&r->ranking, ranking) : 0;
}

void readout_fini(struct readout *r) {
	ranking_fini(&r->ranking);
	free(r->sum);
	free(r->back);
	*r = (struct readout){0};
}

// The record that the sum in that place is the first of. False: it comes with another.
static bool record_at(
	const struct readout *r, uint32_t i, const struct flow_sum **sum,
	const struct flow_sum **other
) {
	*sum = &r->from->sum[i];
	*other = biflow_other(r->biflow, r->from, *sum);
	return *other == NULL || biflow_side(&(*sum)->key) < 0;
}

static void leave(struct readout *r, const struct rank *rank) {
	const struct flow_sum *sum = r->from->sum, *other = NULL;
	struct flow_sum record;
	struct flow_back back;
	if (rank->other != RANK_NONE)
		other = &sum[rank->other];
	biflow_record(&sum[rank->sum], other, &record, &back);
	flow_sum_merge(&r->left, &record);
	r->left_back.packets += back.packets;
	r->left_back.bytes += back.bytes;
	r->left_back.frame_bytes += back.frame_bytes;
	r->left_back.tcp_flags |= back.tcp_flags;
}

static void rank_all(struct readout *r) {
	r->left = (struct flow_sum){.key = {.flags = KEY_REST}, .top = true};
	r->left_back = (struct flow_back){0};
	ranking_begin(&r->ranking, r->from);
	for (uint32_t i = 0; i < r->from->n; i++) {
		const struct flow_sum *sum, *other;
		struct rank left;
		if (!record_at(r, i, &sum, &other))
			continue;
		uint32_t back = other != NULL ? (uint32_t)(other - r->from->sum) : RANK_NONE;
		bool turned = other != NULL && !biflow_began(sum, other);
		if (ranking_offer(&r->ranking, turned ? back : i, turned ? i : back, &left))
			leave(r, &left);
	}
	ranking_sort(&r->ranking);
}

void readout_begin(struct readout *r, const struct sums *from) {
	r->from = from;
	r->at = 0;
	if (r->ranking.conf.top > 0)
		rank_all(r);
}

static uint32_t next_of_all(struct readout *r) {
	uint32_t n = 0;
	for (; r->at < r->from->n && n < READOUT_BATCH; r->at++) {
		const struct flow_sum *sum, *other;
		if (!record_at(r, r->at, &sum, &other))
			continue;
		biflow_record(sum, other, &r->sum[n], &r->back[n]);
		n++;
	}
	return n;
}

static uint32_t next_of_largest(struct readout *r) {
	const struct ranking *ranking = &r->ranking;
	const struct flow_sum *sum = r->from->sum;
	uint32_t n = 0;
	for (; r->at < ranking->n && n < READOUT_BATCH; n++) {
		const struct rank *rank = &ranking->rank[r->at++];
		const struct flow_sum *other = NULL;
		if (rank->other != RANK_NONE)
			other = &sum[rank->other];
		biflow_record(&sum[rank->sum], other, &r->sum[n], &r->back[n]);
	}
	if (n < READOUT_BATCH && flow_sum_any(&r->left)) {
		r->sum[n] = r->left;
		r->back[n++] = r->left_back;
		r->left = (struct flow_sum){0};
	}
	return n;
}

uint32_t readout_next(struct readout *r) {
	uint32_t n = r->ranking.conf.top > 0 ? next_of_largest(r) : next_of_all(r);
	if (n < READOUT_BATCH)
		r->from = NULL;
	return n;
}
