// lib/base/mem.c: memory for big tables.

#include "base/cache.h"
#include "base/mem.h"

#include <criterion/criterion.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Test(mem, pages_are_zeroed_aligned_and_writable) {
	static const size_t sizes[] = {1, 64, 4096, 4097, 2u << 20, (2u << 20) + 1, 9u << 20};
	const struct mem *mem = mem_pages();
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *p = mem->alloc(mem, sizes[i]);
		cr_assert_not_null(p, "%zu", sizes[i]);
		cr_assert_eq((uintptr_t)p % CACHE_LINE, 0);
		cr_assert_eq(p[0], 0);
		cr_assert_eq(memcmp(p, p + 1, sizes[i] - 1), 0, "not zero in %zu", sizes[i]);
		memset(p, 0xff, sizes[i]);
		mem->free(mem, p, sizes[i]);
	}
}

Test(mem, freed_pages_come_back_zeroed) {
	const struct mem *mem = mem_pages();
	for (int i = 0; i < 100; i++) {
		uint8_t *p = mem->alloc(mem, 8192);
		cr_assert_not_null(p);
		cr_assert(p[0] == 0 && p[8191] == 0);
		memset(p, 0xff, 8192);
		mem->free(mem, p, 8192);
	}
}

Test(mem, what_cannot_be_had_is_null) {
	const struct mem *mem = mem_pages();
	cr_assert_null(mem->alloc(mem, SIZE_MAX / 2));
	cr_assert_null(mem->alloc(mem, SIZE_MAX));
}

Test(mem, freeing_null_does_nothing) {
	const struct mem *mem = mem_pages();
	mem->free(mem, NULL, 4096);
}

Test(mem, untouched_memory_is_not_taken_from_the_machine) {
	const struct mem *mem = mem_pages();
	size_t octets = (size_t)64 << 30; // more than a test machine has
	uint8_t *p = mem->alloc(mem, octets);
	cr_assert_not_null(p);
	p[octets - 1] = 1;
	mem->free(mem, p, octets);
}

Test(mem, lines_are_aligned_and_zeroed_whatever_the_size) {
	static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 100001};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *p = mem_lines(sizes[i]);
		cr_assert_not_null(p);
		cr_assert_eq((uintptr_t)p % 64, 0, "%zu octets", sizes[i]);
		for (size_t k = 0; k < sizes[i]; k++)
			cr_assert_eq(p[k], 0);
		free(p);
	}
}
