// Entries and pages that were never needed are never touched; those that are given back are taken first.

#include "defrag_table.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define NONE 0

int defrag_table_init(
	struct defrag_table *t, uint32_t datagrams, uint64_t memory, const struct hash_seed *seed,
	const struct mem *mem
) {
	*t = (struct defrag_table){.n = datagrams, .mem = mem, .seed = *seed};
	uint64_t pages = (memory > DEFRAG_MEMORY_MIN ? memory : DEFRAG_MEMORY_MIN) / DEFRAG_PAGE;
	if (datagrams == 0 || datagrams > UINT32_MAX / 4 || pages >= UINT32_MAX)
		return -ENOMEM;
	uint32_t buckets = 1;
	while (buckets < datagrams)
		buckets *= 2;
	t->mask = buckets - 1;
	t->entry = mem->alloc(mem, (size_t)datagrams * sizeof(*t->entry));
	t->bucket = mem->alloc(mem, (size_t)buckets * sizeof(*t->bucket));
	if (t->entry == NULL || t->bucket == NULL)
		return -ENOMEM;
	if (state_sweep_init(&t->sweep, buckets) < 0)
		return -ENOMEM;
	return defrag_pool_init(&t->pool, (uint32_t)pages, mem);
}

void defrag_table_fini(struct defrag_table *t) {
	if (t->entry != NULL)
		t->mem->free(t->mem, t->entry, (size_t)t->n * sizeof(*t->entry));
	if (t->bucket != NULL)
		t->mem->free(t->mem, t->bucket, ((size_t)t->mask + 1) * sizeof(*t->bucket));
	defrag_pool_fini(&t->pool);
	state_sweep_fini(&t->sweep);
	t->entry = NULL;
	t->bucket = NULL;
}

static uint32_t *bucket_of(const struct defrag_table *t, const struct defrag_id *id) {
	uint64_t w[6];
	memcpy(w, id, sizeof(w));
	uint64_t h = hash_4(&t->seed, hash_4(&t->seed, w[0], w[1], w[2], w[3]), w[4], w[5], 0);
	return &t->bucket[(uint32_t)(h ^ h >> 32) & t->mask];
}

bool defrag_expired(int64_t then, int64_t now) {
	int64_t age;
	return !__builtin_sub_overflow(now, then, &age) ? age > DEFRAG_LIFE_US : now > then;
}

// The place that holds the datagram's number, or the end of its bucket.
static uint32_t *find(const struct defrag_table *t, const struct defrag_id *id) {
	uint32_t *place = bucket_of(t, id);
	while (*place != NONE && memcmp(&defrag_table_at(t, *place)->id, id, sizeof(*id)) != 0)
		place = &defrag_table_at(t, *place)->next;
	return place;
}

uint32_t defrag_table_find(const struct defrag_table *t, const struct defrag_id *id) {
	return *find(t, id);
}

static void will_change(struct defrag_table *t, const struct defrag_id *id) {
	uint32_t bucket = (uint32_t)(bucket_of(t, id) - t->bucket);
	state_sweep_change(&t->sweep, defrag_table_save, t, bucket);
}

void defrag_table_drop(struct defrag_table *t, uint32_t number) {
	struct defrag_entry *g = defrag_table_at(t, number);
	will_change(t, &g->id);
	*find(t, &g->id) = g->next;
	*(g->older != NONE ? &defrag_table_at(t, g->older)->newer : &t->oldest) = g->newer;
	*(g->newer != NONE ? &defrag_table_at(t, g->newer)->older : &t->newest) = g->older;
	t->stats.held--;
	t->stats.octets_held -= g->octets.held;
	defrag_pages_release(&t->pool, &g->octets);
	g->next = t->free;
	t->free = number;
}

void defrag_table_give_up(struct defrag_table *t, uint32_t number, enum defrag_given_up reason) {
	t->stats.given_up[reason]++;
	t->stats.octets_given_up += defrag_table_at(t, number)->octets.held;
	defrag_table_drop(t, number);
}

// For want of room; what had had its time anyway is not counted so.
static void give_up_for_room(struct defrag_table *t, uint32_t number, int64_t now_us) {
	bool over = defrag_expired(defrag_table_at(t, number)->since_us, now_us);
	defrag_table_give_up(t, number, over ? DEFRAG_GIVEN_UP_TIMEOUT : DEFRAG_GIVEN_UP_MEMORY);
}

// The one behind which a datagram that began at `since_us` stands.
static uint32_t row_place(const struct defrag_table *t, int64_t since_us) {
	uint32_t older = t->newest;
	while (older != NONE && defrag_table_at(t, older)->since_us > since_us)
		older = defrag_table_at(t, older)->older;
	return older;
}

// Takes a free entry for a datagram that stands behind `older` in the row.
static uint32_t
insert(struct defrag_table *t, const struct defrag_id *id, int64_t since_us, uint32_t older) {
	uint32_t number = t->free;
	if (number != NONE)
		t->free = defrag_table_at(t, number)->next;
	else
		number = ++t->fresh;

	// Its octets are all zero: fresh memory, or released.
	struct defrag_entry *g = defrag_table_at(t, number);
	memset(g, 0, offsetof(struct defrag_entry, octets));
	g->id = *id;
	g->since_us = since_us;
	g->older = older;
	g->newer = older != NONE ? defrag_table_at(t, older)->newer : t->oldest;
	*(older != NONE ? &defrag_table_at(t, older)->newer : &t->oldest) = number;
	*(g->newer != NONE ? &defrag_table_at(t, g->newer)->older : &t->newest) = number;
	uint32_t *bucket = bucket_of(t, id);
	g->next = *bucket;
	*bucket = number;
	t->stats.held++;
	return number;
}

uint32_t defrag_table_insert(struct defrag_table *t, const struct defrag_id *id, int64_t since_us) {
	return insert(t, id, since_us, row_place(t, since_us));
}

uint32_t defrag_table_begin(struct defrag_table *t, const struct defrag_id *id, int64_t now_us) {
	uint32_t number = *find(t, id);
	will_change(t, id);
	if (number != NONE && !defrag_expired(defrag_table_at(t, number)->since_us, now_us))
		return number;
	if (number != NONE)
		defrag_table_give_up(t, number, DEFRAG_GIVEN_UP_TIMEOUT);
	if (t->free == NONE && t->fresh == t->n)
		give_up_for_room(t, t->oldest, now_us);
	t->stats.begun++;
	return insert(t, id, now_us, t->newest);
}

void defrag_table_make_room(
	struct defrag_table *t, const struct defrag_entry *self, uint32_t wanted, int64_t now_us
) {
	while (t->pool.free < wanted) {
		uint32_t number = t->oldest;
		if (defrag_table_at(t, number) == self)
			number = self->newer;
		give_up_for_room(t, number, now_us);
	}
}
