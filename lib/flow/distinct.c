// All values of all sets in one table, found by set and value; those of one set are linked. A set that has
// too many gives them up for registers, or, if parts of it may leave again, for nothing: then whoever has
// the parts must put them together.

#include "distinct.h"

#include "base/hash.h"
#include "base/mem.h"
#include "flow/hll.h"

#include <stdlib.h>

#define FIRST_PAIRS 16
#define FIRST_SETS 8
#define FIRST_BLOCKS 1
#define PAIR_OCTETS (sizeof(struct distinct_pair) + 2 * sizeof(uint32_t))

void distinct_init(
	struct distinct *d, struct budget *budget, const struct hash_seed *seed, bool parts
) {
	*d = (struct distinct){.budget = budget, .seed = *seed, .parts = parts};
}

void distinct_fini(struct distinct *d) {
	free(d->pair);
	free(d->index);
	free(d->set);
	free(d->registers);
	if (d->budget != NULL)
		d->budget->used -= (uint64_t)d->room_pairs * PAIR_OCTETS
			+ (uint64_t)d->room_sets * sizeof(*d->set)
			+ (uint64_t)d->room_blocks * HLL_REGISTERS;
	const struct hash_seed seed = d->seed;
	distinct_init(d, d->budget, &seed, d->parts);
}

// The array with twice the room, or `first` things of so many octets. NULL: there is no room, it stays.
static void *grow(struct distinct *d, void *array, uint32_t *room, uint32_t first, size_t octets) {
	uint32_t want = *room == 0 ? first : *room * 2;
	uint64_t more = (uint64_t)(want - *room) * octets;
	if (want > UINT32_MAX / 4 || !budget_has(d->budget, more))
		return NULL;
	void *grown = realloc(array, want * octets);
	if (grown == NULL)
		return NULL;
	d->budget->used += more;
	*room = want;
	return grown;
}

// For registers: all 64 bits are good, and the same in every run, as estimates must repeat.
static uint64_t fixed_hash(const struct distinct_pair *p) {
	uint64_t x = hash_mum(p->word[0] ^ 0x9e3779b97f4a7c15, p->word[1] ^ 0xd1b54a32d192ed03);
	x += p->word[0] * 0x8ebc6af09c88c6e3 + (p->word[1] << 32 | p->word[1] >> 32)
		+ (p->hash & 1);
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static struct distinct_pair
pair_of(const struct distinct *d, const struct flow_value *v, uint32_t set) {
	struct distinct_pair p = {
		.word = {(uint64_t)(v->number >> 64), (uint64_t)v->number},
		.set = set,
	};
	uint32_t v6 = v->family == KEY_V6;
	p.hash = ((uint32_t)hash_4(&d->seed, p.word[0], p.word[1], v6, 0) & ~1u) | v6;
	return p;
}

static uint32_t home_of(const struct distinct *d, const struct distinct_pair *p) {
	return (p->hash >> 1 ^ p->set * 0x9e3779b1u) & (d->room_pairs * 2 - 1);
}

// The slot of the index where the pair is, or would be.
static uint32_t slot_of(const struct distinct *d, const struct distinct_pair *want) {
	uint32_t mask = d->room_pairs * 2 - 1, at = home_of(d, want);
	for (; d->index[at] != 0; at = (at + 1) & mask) {
		const struct distinct_pair *p = &d->pair[d->index[at] - 1];
		if (p->hash == want->hash && p->set == want->set && p->word[0] == want->word[0]
		    && p->word[1] == want->word[1])
			break;
	}
	return at;
}

static struct distinct_pair *find(const struct distinct *d, const struct distinct_pair *want) {
	uint32_t i = d->room_pairs > 0 ? d->index[slot_of(d, want)] : 0;
	return i != 0 ? &d->pair[i - 1] : NULL;
}

static bool grow_pairs(struct distinct *d) {
	uint32_t want = d->room_pairs == 0 ? FIRST_PAIRS : d->room_pairs * 2;
	uint32_t *index = mem_lines((size_t)want * 2 * sizeof(*index));
	uint32_t octets = PAIR_OCTETS - sizeof(*d->pair);
	uint64_t more = (uint64_t)(want - d->room_pairs) * octets;
	// What is beside the pair is reserved while the pairs themselves grow.
	d->budget->used += more;
	struct distinct_pair *pair = NULL;
	if (index != NULL)
		pair = grow(d, d->pair, &d->room_pairs, FIRST_PAIRS, sizeof(*d->pair));
	if (pair == NULL) {
		d->budget->used -= more;
		free(index);
		return false;
	}
	free(d->index);
	d->pair = pair;
	d->index = index;
	// No pair is free: each has its place.
	for (uint32_t i = 0; i < d->pairs; i++)
		index[slot_of(d, &d->pair[i])] = i + 1;
	return true;
}

// Adds a pair that is not there. NULL: no room.
static struct distinct_pair *insert(struct distinct *d, const struct distinct_pair *pair) {
	if (d->free_pair == 0 && d->pairs == d->room_pairs && !grow_pairs(d))
		return NULL;
	uint32_t i = d->free_pair != 0 ? d->free_pair - 1 : d->pairs++;
	struct distinct_pair *p = &d->pair[i];
	struct distinct_set *s = &d->set[pair->set];
	if (d->free_pair != 0)
		d->free_pair = p->next;
	d->index[slot_of(d, pair)] = i + 1;
	*p = *pair;
	p->parts = 0;
	p->before = 0;
	p->next = s->first;
	if (s->first != 0)
		d->pair[s->first - 1].before = i + 1;
	s->first = i + 1;
	s->n++;
	return p;
}

// Takes a pair out of the index; whoever found its way past it moves up.
static void vacate(struct distinct *d, const struct distinct_pair *pair) {
	uint32_t mask = d->room_pairs * 2 - 1, hole = slot_of(d, pair);
	for (uint32_t at = (hole + 1) & mask; d->index[at] != 0; at = (at + 1) & mask) {
		uint32_t home = home_of(d, &d->pair[d->index[at] - 1]);
		if (((at - home) & mask) < ((at - hole) & mask))
			continue;
		d->index[hole] = d->index[at];
		hole = at;
	}
	d->index[hole] = 0;
}

static void remove_pair(struct distinct *d, struct distinct_pair *p) {
	struct distinct_set *s = &d->set[p->set];
	vacate(d, p);
	if (p->before != 0)
		d->pair[p->before - 1].next = p->next;
	else
		s->first = p->next;
	if (p->next != 0)
		d->pair[p->next - 1].before = p->before;
	s->n--;
	p->next = d->free_pair;
	d->free_pair = (uint32_t)(p - d->pair) + 1;
}

static void empty(struct distinct *d, const struct distinct_set *s) {
	while (s->first != 0)
		remove_pair(d, &d->pair[s->first - 1]);
}

uint32_t distinct_open(struct distinct *d) {
	if (d->free_set == 0 && d->sets == d->room_sets) {
		struct distinct_set *set = grow(
			d, d->set, &d->room_sets, FIRST_SETS, sizeof(*d->set)
		);
		if (set == NULL)
			return 0;
		d->set = set;
	}
	uint32_t i = d->free_set != 0 ? d->free_set : ++d->sets;
	if (d->free_set != 0)
		d->free_set = d->set[i - 1].first;
	d->set[i - 1] = (struct distinct_set){0};
	d->open++;
	return i;
}

static void free_registers(struct distinct *d, struct distinct_set *s) {
	if (s->registers == 0)
		return;
	memcpy(d->registers + (size_t)(s->registers - 1) * HLL_REGISTERS, &d->free_block,
	       sizeof(d->free_block));
	d->free_block = s->registers;
	s->registers = 0;
}

void distinct_close(struct distinct *d, uint32_t set) {
	if (set == 0)
		return;
	struct distinct_set *s = &d->set[set - 1];
	empty(d, s);
	free_registers(d, s);
	s->first = d->free_set;
	d->free_set = set;
	if (--d->open == 0)
		distinct_fini(d);
}

static uint8_t *registers_of(const struct distinct *d, const struct distinct_set *s) {
	return d->registers + (size_t)(s->registers - 1) * HLL_REGISTERS;
}

// From now on estimated. False: no room.
static bool estimate(struct distinct *d, struct distinct_set *s) {
	if (d->free_block == 0 && d->blocks == d->room_blocks) {
		uint8_t *grown = grow(
			d, d->registers, &d->room_blocks, FIRST_BLOCKS, HLL_REGISTERS
		);
		if (grown == NULL)
			return false;
		d->registers = grown;
	}
	s->registers = d->free_block != 0 ? d->free_block : ++d->blocks;
	uint8_t *registers = registers_of(d, s);
	if (d->free_block != 0)
		memcpy(&d->free_block, registers, sizeof(d->free_block));
	memset(registers, 0, HLL_REGISTERS);
	for (uint32_t i = s->first; i != 0; i = d->pair[i - 1].next)
		hll_add(registers, fixed_hash(&d->pair[i - 1]));
	empty(d, s);
	return true;
}

// The set has too many values. Returns whether it can take more.
static bool overflow(struct distinct *d, struct distinct_set *s) {
	if (!d->parts) {
		bool room = s->registers != 0 || estimate(d, s);
		s->least |= !room;
		return room;
	}
	s->over = true;
	empty(d, s);
	return false;
}

static void add(struct distinct *d, const struct distinct_pair *pair) {
	struct distinct_set *s = &d->set[pair->set];
	if (s->registers != 0)
		hll_add(registers_of(d, s), fixed_hash(pair));
	if (s->registers != 0 || s->over)
		return;
	struct distinct_pair *p = find(d, pair);
	if (p == NULL && s->n == DISTINCT_EXACT_MAX) {
		if (overflow(d, s))
			hll_add(registers_of(d, s), fixed_hash(pair));
		return;
	}
	if (p == NULL)
		p = insert(d, pair);
	if (p != NULL)
		p->parts++;
	else
		s->least = true;
}

void distinct_add(struct distinct *d, uint32_t set, const struct flow_value *value) {
	struct distinct_pair pair = pair_of(d, value, set - 1);
	add(d, &pair);
}

const uint8_t *distinct_registers(const struct distinct *d, uint32_t set) {
	const struct distinct_set *s = &d->set[set - 1];
	return s->registers != 0 ? registers_of(d, s) : NULL;
}

void distinct_add_estimated(struct distinct *d, uint32_t set, const uint8_t *registers) {
	struct distinct_set *s = &d->set[set - 1];
	if (overflow(d, s))
		hll_merge(registers_of(d, s), registers);
}

void distinct_merge(
	struct distinct *d, uint32_t set, const struct distinct *from, uint32_t from_set
) {
	struct distinct_set *s = &d->set[set - 1];
	const struct distinct_set *f = &from->set[from_set - 1];
	s->least |= f->least;
	if (f->registers != 0)
		distinct_add_estimated(d, set, registers_of(from, f));
	for (uint32_t i = f->first; i != 0; i = from->pair[i - 1].next) {
		struct distinct_pair pair = from->pair[i - 1];
		pair.set = set - 1;
		add(d, &pair);
	}
}

void distinct_take_off(
	struct distinct *d, uint32_t set, const struct distinct *from, uint32_t from_set
) {
	const struct distinct_set *f = &from->set[from_set - 1];
	struct distinct_set *s = &d->set[set - 1];
	for (uint32_t i = f->first; i != 0 && !s->over; i = from->pair[i - 1].next) {
		struct distinct_pair pair = from->pair[i - 1];
		pair.set = set - 1;
		struct distinct_pair *p = find(d, &pair);
		// What there was no room for is not there.
		if (p != NULL && --p->parts == 0)
			remove_pair(d, p);
	}
}

void distinct_tell(const struct distinct *d, uint32_t set, struct flow_sum *to) {
	bool least = to->distinct_is == DISTINCT_LEAST;
	uint64_t n = 0;
	to->distinct_is = DISTINCT_NONE;
	to->distinct = 0;
	if (to->key.flags & KEY_REST)
		return;
	to->distinct_is = DISTINCT_EXACT;
	if (set != 0) {
		const struct distinct_set *s = &d->set[set - 1];
		least |= s->least;
		n = s->n;
		if (s->registers != 0) {
			to->distinct_is = DISTINCT_ESTIMATED;
			n = hll_estimate(registers_of(d, s));
		}
	}
	if (least)
		to->distinct_is = DISTINCT_LEAST;
	to->distinct = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}
