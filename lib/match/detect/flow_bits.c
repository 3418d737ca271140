// Flows without room share one set of words, which is zero ahead of each packet: what the packet's rules
// set there is moved to a room of the flow's own.

#include "flow_bits.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static size_t bits_octets(const struct flow_bits *b) {
	return ((size_t)b->flows_max + 1) * FLOW_BITS_WORDS_MAX * sizeof(*b->bits);
}

static size_t mark_octets(const struct flow_bits *b) {
	return ((size_t)b->flows_max + 1) * sizeof(*b->mark);
}

int flow_bits_init(struct flow_bits *b, uint32_t flows_max, const struct mem *mem) {
	assert(flows_max >= 1 && flows_max <= FLOW_BITS_FLOWS_MAX);
	*b = (struct flow_bits){.flows_max = flows_max, .fresh = 1, .mem = mem};
	b->bits = mem->alloc(mem, bits_octets(b));
	b->mark = mem->alloc(mem, mark_octets(b));
	if (b->bits != NULL && b->mark != NULL)
		return 0;
	flow_bits_fini(b);
	return -ENOMEM;
}

void flow_bits_fini(struct flow_bits *b) {
	if (b->bits != NULL)
		b->mem->free(b->mem, b->bits, bits_octets(b));
	if (b->mark != NULL)
		b->mem->free(b->mem, b->mark, mark_octets(b));
	*b = (struct flow_bits){};
}

void flow_bits_forget(struct flow_bits *b, uint32_t words) {
	assert(words <= FLOW_BITS_WORDS_MAX);
	b->words = words;
	b->meaning++;
}

static uint64_t *room_of(const struct flow_bits *b, uint32_t number) {
	return b->bits + (size_t)number * b->words;
}

uint64_t *flow_bits_of(struct flow_bits *b, uint32_t number) {
	if (b->words == 0)
		return NULL;
	if (number == 0)
		return b->none;
	uint64_t *bits = room_of(b, number);
	// Rooms lay elsewhere, too, when there were more words or fewer.
	if (b->mark[number] != b->meaning) {
		memset(bits, 0, b->words * sizeof(*bits));
		b->mark[number] = b->meaning;
	}
	return bits;
}

static bool any(const uint64_t *bits, uint32_t words) {
	uint64_t all = 0;
	for (uint32_t i = 0; i < words; i++)
		all |= bits[i];
	return all != 0;
}

static uint32_t take(struct flow_bits *b) {
	uint32_t number = b->unused;
	if (number != 0)
		b->unused = b->mark[number];
	else if (b->fresh <= b->flows_max)
		number = b->fresh++;
	else
		return 0;
	b->mark[number] = b->meaning;
	b->taken++;
	return number;
}

uint32_t flow_bits_keep(struct flow_bits *b, uint32_t number, const uint64_t *bits) {
	if (bits == NULL)
		return number;
	assert(bits == (number != 0 ? room_of(b, number) : b->none));
	bool some = any(bits, b->words);
	if (number != 0 && !some)
		flow_bits_drop(b, number);
	if (number != 0 || !some)
		return some ? number : 0;
	number = take(b);
	if (number != 0)
		memcpy(room_of(b, number), b->none, b->words * sizeof(*b->none));
	else
		b->full++;
	memset(b->none, 0, b->words * sizeof(*b->none));
	return number;
}

void flow_bits_drop(struct flow_bits *b, uint32_t number) {
	if (number == 0)
		return;
	b->mark[number] = b->unused;
	b->unused = number;
	b->taken--;
}

const uint64_t *flow_bits_look(const struct flow_bits *b, uint32_t number) {
	if (b->words == 0 || number == 0 || b->mark[number] != b->meaning)
		return NULL;
	return room_of(b, number);
}

uint32_t flow_bits_take(struct flow_bits *b, const uint64_t *bits, uint32_t words) {
	if (words == 0 || words != b->words)
		return 0;
	uint64_t *none = flow_bits_of(b, 0);
	memcpy(none, bits, words * sizeof(*bits));
	return flow_bits_keep(b, 0, none);
}
