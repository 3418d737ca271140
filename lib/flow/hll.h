// HyperLogLog: how many distinct values there were, from one octet for each of 4,096 parts of their hashes.
// What it says depends on the set of values alone: not on their order, nor on how often each came, nor on
// how parts of the set were put together.
#pragma once

#include <stdint.h>

#define HLL_BITS 12
#define HLL_REGISTERS (1 << HLL_BITS)

// The most that a register holds: of the hash beside the register's number.
#define HLL_RANK_MAX (64 - HLL_BITS + 1)

// The standard error, 1.04 / sqrt(HLL_REGISTERS), as records have it.
#define HLL_ERROR "0.01625"

// `registers` are HLL_REGISTERS octets, all zero where there are no values. `hash` is of 64 good bits.
void hll_add(uint8_t *registers, uint64_t hash);

// Adds all values of another set.
void hll_merge(uint8_t *registers, const uint8_t *from);

uint64_t hll_estimate(const uint8_t *registers);
