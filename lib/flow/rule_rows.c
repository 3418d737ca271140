// Rows of match events: a table of sums over memory that was taken at the start.

#include "rule_rows.h"

#include <errno.h>

static size_t octets(uint32_t capacity) {
	return capacity * (sizeof(struct flow_sum) + 2 * sizeof(uint32_t));
}

int rule_rows_init(
	struct rule_rows *r, const struct rule_rows_config *conf, uint32_t rows,
	const struct mem *mem
) {
	memset(r, 0, sizeof(*r));
	uint32_t capacity = 1;
	while (capacity < rows)
		capacity <<= 1;
	r->mem = mem;
	r->seed = conf->seed;
	flow_key_mask(&r->mask, conf->fields);
	flow_key_cut(&r->mask, &conf->cut);
	struct flow_sum *sum = mem->alloc(mem, octets(capacity));
	if (sum == NULL)
		return -ENOMEM;
	sums_init_fixed(&r->sums, capacity, sum, (uint32_t *)(sum + capacity));
	return 0;
}

void rule_rows_fini(struct rule_rows *r) {
	if (r->sums.sum != NULL)
		r->mem->free(r->mem, r->sums.sum, octets(r->sums.capacity));
	r->sums = (struct sums){0};
}

void rule_rows_clear(struct rule_rows *r) {
	sums_clear(&r->sums);
	memset(&r->rest, 0, sizeof(r->rest));
}

void rule_rows_count(
	struct rule_rows *r, const struct flow_key *key, const struct rule_info *rule,
	const struct packet *p
) {
	struct flow_key masked = *key;
	struct rule_id id = {rule->gid, rule->sid};
	masked.hash = rule_id_hash(flow_key_finish(&masked, &r->mask, &r->seed), id, &r->seed);
	struct flow_sum *sum = sums_find_insert_rule(&r->sums, &masked, id);
	if (UNLIKELY(sum == NULL))
		sum = &r->rest;
	flow_sum_widen(sum, p->time_us, p->time_us);
	sum->packets++;
	sum->bytes += p->ip_len;
	sum->frame_bytes += p->wire_len;
	sum->matches++;
	sum->tcp_flags |= p->tcp_flags;
	sum->opens |= TCP_OPENS(p->tcp_flags);
}
