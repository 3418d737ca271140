// Registers as Flajolet has them. The estimate is Ertl's (2017), from how many registers have which value: it
// needs no tables, and is as good for few values as for many.

#include "hll.h"

#include <math.h>
#include <string.h>

void hll_add(uint8_t *registers, uint64_t hash) {
	uint32_t i = (uint32_t)(hash >> (64 - HLL_BITS));
	// The bit below keeps the rank in its bounds.
	uint64_t left = hash << HLL_BITS | 1ull << (HLL_BITS - 1);
	uint8_t rank = (uint8_t)(__builtin_clzll(left) + 1);
	if (rank > registers[i])
		registers[i] = rank;
}

void hll_merge(uint8_t *registers, const uint8_t *from) {
	for (uint32_t i = 0; i < HLL_REGISTERS; i++)
		registers[i] = from[i] > registers[i] ? from[i] : registers[i];
}

// What registers that are still zero stand for: x is their part of all.
static double sigma(double x) {
	double y = 1, z = x, before;
	if (x == 1)
		return INFINITY;
	do {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

// What those stand for that are full: 1 - x is their part of all.
static double tau(double x) {
	double y = 1, z = 1 - x, before;
	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

uint64_t hll_estimate(const uint8_t *registers) {
	const double m = HLL_REGISTERS;
	uint32_t count[HLL_RANK_MAX + 1] = {0};
	for (uint32_t i = 0; i < HLL_REGISTERS; i++)
		count[registers[i] <= HLL_RANK_MAX ? registers[i] : HLL_RANK_MAX]++;
	double z = m * tau(1 - count[HLL_RANK_MAX] / m);
	for (uint32_t k = HLL_RANK_MAX - 1; k >= 1; k--)
		z = 0.5 * (z + count[k]);
	z += m * sigma(count[0] / m);
	double values = m * m / (2 * M_LN2 * z);
	return values < 0x1p62 ? (uint64_t)(values + 0.5) : UINT64_MAX;
}
