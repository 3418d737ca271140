// Memory of the single-producer, single-consumer ring.

#include "spsc.h"

#include <errno.h>
#include <stdlib.h>

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
