// The block pool: a list of what came back ahead of what was never used.

#include "tcp_pool.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

int tcp_pool_init(struct tcp_pool *p, uint32_t blocks, const struct mem *mem) {
	*p = (struct tcp_pool){.blocks = blocks, .fresh = 1, .mem = mem};
	p->block = mem->alloc(mem, ((size_t)blocks + 1) * sizeof(*p->block));
	return p->block != NULL ? 0 : -ENOMEM;
}

void tcp_pool_fini(struct tcp_pool *p) {
	if (p->block != NULL)
		p->mem->free(p->mem, p->block, ((size_t)p->blocks + 1) * sizeof(*p->block));
	p->block = NULL;
}

uint32_t tcp_pool_take(struct tcp_pool *p, uint64_t base) {
	assert(p->taken < p->blocks);
	uint32_t at = p->unused;
	if (at != 0)
		p->unused = p->block[at].next;
	else
		at = p->fresh++;
	p->taken++;
	struct tcp_block *b = &p->block[at];
	memset(b, 0, offsetof(struct tcp_block, data));
	b->base = base;
	return at;
}

void tcp_pool_give(struct tcp_pool *p, uint32_t list) {
	while (list != 0) {
		uint32_t next = p->block[list].next;
		p->block[list].next = p->unused;
		p->unused = list;
		p->taken--;
		list = next;
	}
}
