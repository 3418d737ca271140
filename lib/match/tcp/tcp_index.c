// Flows by tuple: chains by index, a flow's memory touched when it is first used.

#include "tcp_index.h"

#include <assert.h>
#include <errno.h>

int tcp_index_init(
	struct tcp_index *x, uint32_t flows_max, const struct hash_seed *seed, const struct mem *mem
) {
	uint32_t buckets = 1;
	while (buckets < flows_max)
		buckets <<= 1;
	*x = (struct tcp_index
	){.mask = buckets - 1, .flows_max = flows_max, .fresh = 1, .seed = *seed, .mem = mem};
	x->flow = mem->alloc(mem, ((size_t)flows_max + 1) * sizeof(*x->flow));
	x->bucket = mem->alloc(mem, (size_t)buckets * sizeof(*x->bucket));
	if (x->flow == NULL || x->bucket == NULL) {
		tcp_index_fini(x);
		return -ENOMEM;
	}
	return 0;
}

void tcp_index_fini(struct tcp_index *x) {
	if (x->flow != NULL)
		x->mem->free(x->mem, x->flow, ((size_t)x->flows_max + 1) * sizeof(*x->flow));
	if (x->bucket != NULL)
		x->mem->free(x->mem, x->bucket, ((size_t)x->mask + 1) * sizeof(*x->bucket));
	x->flow = NULL;
	x->bucket = NULL;
}

struct tcp_flow *
tcp_index_insert(struct tcp_index *x, uint32_t *bucket, const struct flow_tuple *t) {
	assert(x->flows < x->flows_max);
	uint32_t i = x->unused;
	if (i != 0)
		x->unused = x->flow[i].chain;
	else
		i = x->fresh++;
	x->flows++;
	x->flow[i] = (struct tcp_flow){.tuple = *t, .chain = *bucket};
	*bucket = i;
	return &x->flow[i];
}

void tcp_index_remove(struct tcp_index *x, struct tcp_flow *f) {
	uint32_t i = (uint32_t)(f - x->flow);
	uint32_t *at = tcp_index_bucket_of(x, &f->tuple);
	while (*at != i)
		at = &x->flow[*at].chain;
	*at = f->chain;
	f->chain = x->unused;
	x->unused = i;
	x->flows--;
}

void tcp_index_append(
	struct tcp_index *x, struct tcp_list *list, enum tcp_flow_list which, struct tcp_flow *f
) {
	uint32_t i = (uint32_t)(f - x->flow);
	f->link[which] = (struct tcp_link){.before = list->last};
	if (list->last != 0)
		x->flow[list->last].link[which].behind = i;
	else
		list->first = i;
	list->last = i;
}

void tcp_index_unlink(
	struct tcp_index *x, struct tcp_list *list, enum tcp_flow_list which, struct tcp_flow *f
) {
	struct tcp_link l = f->link[which];
	if (l.before != 0)
		x->flow[l.before].link[which].behind = l.behind;
	else
		list->first = l.behind;
	if (l.behind != 0)
		x->flow[l.behind].link[which].before = l.before;
	else
		list->last = l.before;
}
