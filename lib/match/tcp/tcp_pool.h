// The blocks of one table: a fixed number, taken and given back by index. One thread.
#pragma once

#include "base/mem.h"
#include "match/tcp/tcp_block.h"

#include <stdint.h>

struct tcp_pool {
	struct tcp_block *block; // [0] is never given out
	uint32_t blocks; // that there are
	uint32_t taken;
	uint32_t fresh; // blocks from here on were never used, and their memory never touched
	uint32_t unused; // list of those that came back
	const struct mem *mem;
};

// 0 or -ENOMEM.
int tcp_pool_init(struct tcp_pool *p, uint32_t blocks, const struct mem *mem);
void tcp_pool_fini(struct tcp_pool *p);

static inline uint32_t tcp_pool_free(const struct tcp_pool *p) {
	return p->blocks - p->taken;
}

static inline struct tcp_block *tcp_pool_at(const struct tcp_pool *p, uint32_t block) {
	return &p->block[block];
}

// An empty block for the window at `base`. There must be one (tcp_pool_free).
uint32_t tcp_pool_take(struct tcp_pool *p, uint64_t base);

// Gives back a list of blocks, linked by `next`; 0: none.
void tcp_pool_give(struct tcp_pool *p, uint32_t list);
