// Memory of the single-producer, single-consumer ring, and waiting for room in it.

#include "spsc.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

int spsc_init(struct spsc *r, uint32_t capacity, uint32_t elem_size) {
	uint32_t n = 1;
	while (n < capacity)
		n <<= 1;
	memset(r, 0, sizeof(*r));
	uint64_t octets = ((uint64_t)n * elem_size + CACHE_LINE - 1) & ~(uint64_t)(CACHE_LINE - 1);
	r->slot = aligned_alloc(CACHE_LINE, octets);
	if (r->slot == NULL)
		return -ENOMEM;
	r->mask = n - 1;
	r->elem_size = elem_size;
	return 0;
}

void spsc_fini(struct spsc *r) {
	free(r->slot);
	r->slot = NULL;
}

uint32_t spsc_wait(struct spsc *r, uint32_t max, uint32_t *first) {
	struct timespec nap = {.tv_nsec = 20000};
	uint32_t n = spsc_reserve(r, max, first);
	for (uint32_t turns = 0; UNLIKELY(n == 0); turns++) {
		if (turns < 100)
			sched_yield();
		else
			nanosleep(&nap, NULL);
		n = spsc_reserve(r, max, first);
	}
	return n;
}
