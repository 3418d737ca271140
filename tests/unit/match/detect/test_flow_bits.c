// The pool of flowbits: room is taken when a bit is set and given back when none is, and a new meaning
// makes all bits zero.

#include "match/detect/flow_bits.h"

#include <criterion/criterion.h>

static struct flow_bits b;

static void open_bits(uint32_t flows_max, uint32_t words) {
	cr_assert_eq(flow_bits_init(&b, flows_max, mem_pages()), 0);
	flow_bits_forget(&b, words);
}

static void close_bits(void) {
	flow_bits_fini(&b);
}

// A packet of the flow `number` whose rules put `value` into a word. Returns the flow's number then.
static uint32_t put(uint32_t number, uint32_t word, uint64_t value) {
	uint64_t *bits = flow_bits_of(&b, number);
	bits[word] = value;
	return flow_bits_keep(&b, number, bits);
}

static uint64_t get(uint32_t number, uint32_t word) {
	uint64_t *bits = flow_bits_of(&b, number);
	uint64_t value = bits[word];
	cr_assert_eq(flow_bits_keep(&b, number, bits), number);
	return value;
}

Test(flow_bits, a_flow_has_no_room_before_a_bit_is_set_and_none_after_the_last,
     .fini = close_bits) {
	open_bits(4, 2);
	cr_assert_eq(get(0, 0), 0);
	cr_assert_eq(put(0, 1, 0), 0);
	cr_assert_eq(b.taken, 0);
	uint32_t x = put(0, 1, 5), y = put(0, 0, 6);
	cr_assert_neq(x, 0);
	cr_assert_neq(y, 0);
	cr_assert_neq(x, y);
	cr_assert_eq(b.taken, 2);
	cr_assert_eq(get(0, 0), 0, "what one flow set is not another's");
	cr_assert_eq(get(0, 1), 0);
	cr_assert_eq(get(x, 0), 0);
	cr_assert_eq(get(x, 1), 5);
	cr_assert_eq(get(y, 0), 6);
	cr_assert_eq(put(x, 1, 0), 0);
	cr_assert_eq(b.taken, 1);
	cr_assert_eq(get(y, 0), 6);
	flow_bits_drop(&b, y);
	flow_bits_drop(&b, 0);
	cr_assert_eq(b.taken, 0);
}

Test(flow_bits, what_finds_no_room_is_counted_and_lost, .fini = close_bits) {
	open_bits(2, 1);
	uint32_t x = put(0, 0, 1), y = put(0, 0, 2);
	cr_assert(x != 0 && y != 0);
	cr_assert_eq(put(0, 0, 3), 0);
	cr_assert_eq(b.full, 1);
	cr_assert_eq(get(0, 0), 0);
	flow_bits_drop(&b, x);
	uint32_t z = put(0, 0, 4);
	cr_assert_eq(z, x);
	cr_assert_eq(get(z, 0), 4);
	cr_assert_eq(get(y, 0), 2);
}

Test(flow_bits, a_new_meaning_makes_all_bits_zero, .fini = close_bits) {
	uint32_t x[8];
	open_bits(8, 1);
	for (uint32_t i = 0; i < 8; i++)
		x[i] = put(0, 0, 100 + i);
	static const uint32_t words[] = {3, 16, 1, 0, 2};
	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
		flow_bits_forget(&b, words[k]);
		for (uint32_t i = 0; i < 8; i++) {
			uint64_t *bits = flow_bits_of(&b, x[i]);
			if (words[k] == 0) {
				cr_assert_null(bits);
				cr_assert_eq(flow_bits_keep(&b, x[i], bits), x[i]);
				continue;
			}
			for (uint32_t w = 0; w < words[k]; w++) {
				cr_assert_eq(bits[w], 0, "flow %u, word %u of %u", i, w, words[k]);
				bits[w] = (uint64_t)i << 32 | w | 1;
			}
			cr_assert_eq(flow_bits_keep(&b, x[i], bits), x[i]);
		}
		for (uint32_t i = 0; i < 8; i++)
			for (uint32_t w = 0; w < words[k]; w++)
				cr_assert_eq(get(x[i], w), (uint64_t)i << 32 | w | 1);
		cr_assert_eq(b.taken, 8);
	}
	flow_bits_forget(&b, 4);
	uint64_t *bits = flow_bits_of(&b, x[3]);
	cr_assert_eq(flow_bits_keep(&b, x[3], bits), 0, "nothing is set: the room is free");
	cr_assert_eq(b.taken, 7);
}

static void *no_second(const struct mem *mem, size_t octets) {
	uint32_t *calls = mem->ctx;
	return (*calls)++ == 0 ? mem_pages()->alloc(mem_pages(), octets) : NULL;
}

static void give(const struct mem *mem, void *ptr, size_t octets) {
	mem_pages()->free(mem_pages(), ptr, octets);
}

Test(flow_bits, says_when_memory_is_out) {
	uint32_t calls = 0;
	const struct mem mem = {.alloc = no_second, .free = give, .ctx = &calls};
	cr_assert_neq(flow_bits_init(&b, 2, &mem), 0);
	flow_bits_fini(&b);
}
