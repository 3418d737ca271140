// Open slices: found by time in any order of arrival, and what they take of the budget.

#include "flow/slices.h"

#include <criterion/criterion.h>

static struct budget budget;

static struct pane empty_pane(int64_t start_us) {
	struct pane p = {.start_us = start_us, .end_us = start_us + 5};
	cr_assert_eq(flow_table_init(&p.table, 16, mem_pages()), 0);
	p.rest.packets = 1;
	return p;
}

Test(slices, each_pane_finds_the_slice_that_holds_it) {
	struct slices s;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	budget.max = 1 << 20;
	slices_init(&s, 0, 10, &budget, &seed);
	// 1,000 slices of two panes each, the panes in an order that visits all.
	for (uint32_t i = 0; i < 2000; i++) {
		struct pane p = empty_pane(((int64_t)(i * 1237 % 2000) - 1000) * 5);
		cr_assert_eq(slices_add(&s, &p), 0);
		flow_table_fini(&p.table);
	}
	cr_assert_eq(slices_open(&s), 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		const struct slice *oldest = slices_oldest(&s);
		struct slice *slice = slices_take(&s);
		cr_assert_eq(slice, oldest);
		cr_expect_eq(slice->start_us, ((int64_t)i - 500) * 10);
		cr_expect_eq(slice->end_us, slice->start_us + 10);
		cr_expect_eq(slice->rest.packets, 2);
		slice_free(slice);
	}
	cr_expect_null(slices_oldest(&s));
	cr_expect_eq(budget.used, 0);
	slices_fini(&s);
}
