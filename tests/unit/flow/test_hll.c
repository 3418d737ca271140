// Estimates: near the truth for any number, and the same whatever the order and the parts.

#include "flow/hll.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static uint64_t hash_of(uint64_t n) {
	n = (n + 1) * 0x9e3779b97f4a7c15;
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
	n = (n ^ n >> 27) * 0x94d049bb133111eb;
	return n ^ n >> 31;
}

Test(hll, is_as_near_as_it_says) {
	static const uint32_t sizes[] = {0, 1, 10, 100, 1025, 5000, 12000, 50000, 300000};
	static uint8_t registers[HLL_REGISTERS];
	double squares = 0;
	uint32_t n = 0;
	for (uint64_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (uint64_t round = 0; round < 8; round++, n++) {
			memset(registers, 0, sizeof(registers));
			for (uint64_t i = 0; i < sizes[s]; i++)
				hll_add(registers, hash_of((s << 40) + (round << 32) + i));
			double got = (double)hll_estimate(registers), want = sizes[s];
			double off = want > 0 ? (got - want) / want : got;
			cr_expect_lt(fabs(off), 5 * atof(HLL_ERROR), "%g of %g", got, want);
			squares += off * off;
		}
	}
	cr_expect_lt(sqrt(squares / n), 1.3 * atof(HLL_ERROR));
}

Test(hll, neither_order_nor_parts_matter) {
	static uint8_t whole[HLL_REGISTERS], parts[3][HLL_REGISTERS], again[HLL_REGISTERS];
	for (uint64_t i = 0; i < 20000; i++) {
		hll_add(whole, hash_of(i));
		hll_add(again, hash_of(19999 - i));
		hll_add(parts[i % 3], hash_of(i));
		hll_add(parts[i % 2], hash_of(i));
	}
	hll_merge(parts[0], parts[1]);
	hll_merge(parts[0], parts[2]);
	cr_expect_arr_eq(whole, again, sizeof(whole));
	cr_expect_arr_eq(whole, parts[0], sizeof(whole));
}

Test(hll, the_largest_and_the_smallest_hash_have_a_place) {
	static uint8_t registers[HLL_REGISTERS];
	hll_add(registers, UINT64_MAX);
	hll_add(registers, 0);
	cr_expect_eq(registers[HLL_REGISTERS - 1], 1);
	cr_expect_eq(registers[0], 64 - HLL_BITS + 1);
	cr_expect_eq(hll_estimate(registers), 2);
	memset(registers, 64 - HLL_BITS + 1, sizeof(registers));
	cr_expect_gt(hll_estimate(registers), 1ull << 60);
}
