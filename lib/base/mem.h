// Memory for big tables, handed in by the caller: an input gives memory near its device, tests give
// the ordinary kind.
#pragma once

#include <stddef.h>

struct mem {
	// Zeroed, cache-line aligned; NULL when there is none.
	void *(*alloc)(const struct mem *mem, size_t octets);
	void (*free)(const struct mem *mem, void *ptr, size_t octets);
	void *ctx; // the giver's
};

// Anonymous memory: explicit huge pages where enough are reserved, else transparent ones where the
// kernel has them, else ordinary pages; touched only when used. Any thread. Never NULL.
const struct mem *mem_pages(void);

// Zeroed heap memory on cache lines of its own: for structures with CACHE_ALIGNED zones, as what malloc gives is
// not aligned for them, and for big tables off the packet path. It is written here and now: what calloc gives
// are pages that the kernel shares until they are written, and each one that was read before interrupts every
// processor that polls. NULL when out of memory. Any thread; free with free().
void *mem_lines(size_t octets);
