// Anonymous mappings for big tables, on huge pages where there are any.

#include "mem.h"

#include "cache.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE (2u << 20)

static size_t round_up(size_t octets) {
	size_t unit = octets >= HUGE_PAGE ? HUGE_PAGE : 4096;
	return (octets + unit - 1) & ~(unit - 1);
}

static void *pages_alloc(const struct mem *mem, size_t octets) {
	(void)mem;
	size_t len = round_up(octets);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *p = MAP_FAILED;
	if (len >= HUGE_PAGE)
		p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB, -1, 0);
	if (p != MAP_FAILED)
		return p;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (len >= HUGE_PAGE)
		madvise(p, len, MADV_HUGEPAGE); // advice: ordinary pages do as well
	return p;
}

static void pages_free(const struct mem *mem, void *ptr, size_t octets) {
	(void)mem;
	if (ptr != NULL)
		munmap(ptr, round_up(octets));
}

const struct mem *mem_pages(void) {
	static const struct mem pages = {.alloc = pages_alloc, .free = pages_free};
	return &pages;
}

void *mem_lines(size_t octets) {
	octets = (octets + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	void *p = aligned_alloc(CACHE_LINE, octets > 0 ? octets : CACHE_LINE);
	return p != NULL ? memset(p, 0, octets) : NULL;
}
