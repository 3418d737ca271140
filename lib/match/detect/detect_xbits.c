// Eight places for each hash: looking one up takes bounded time, whatever the table holds. Who chooses
// addresses does not know the hash's seed.

#include "detect_xbits.h"

#include "detect_xbits_priv.h"

#include <errno.h>
#include <stdlib.h>

int detect_xbits_init(struct detect_xbits *x, uint32_t n) {
	*x = (struct detect_xbits){};
	if (n == 0)
		return 0;
	uint32_t sets = 1;
	while (sets * WAYS < n && sets < 1u << 27)
		sets *= 2;
	x->entries = calloc((size_t)sets * WAYS, sizeof(*x->entries));
	if (x->entries == NULL || state_sweep_init(&x->sweep, sets) < 0)
		return -ENOMEM;
	hash_seed_init(&x->seed);
	x->sets = sets;
	for (size_t i = 0; i < (size_t)sets * WAYS; i++)
		x->entries[i].expire_us = INT64_MIN;
	return 0;
}

void detect_xbits_fini(struct detect_xbits *x) {
	free(x->entries);
	state_sweep_fini(&x->sweep);
	*x = (struct detect_xbits){};
}

static bool is_same(const struct detect_xbits_key *x, const struct detect_xbits_key *y) {
	return x->id == y->id && x->a == y->a && x->b == y->b && x->pair == y->pair
		&& x->family == y->family;
}

// The number of the key's set of places.
static uint32_t set_of(const struct detect_xbits *x, const struct detect_xbits_key *k) {
	uint64_t what = (uint64_t)k->id << 32 | (uint32_t)k->pair << 16 | k->family;
	uint64_t h = hash_4(
		&x->seed, (uint64_t)k->a, (uint64_t)(k->a >> 64), (uint64_t)k->b,
		(uint64_t)(k->b >> 64)
	);
	h = hash_4(&x->seed, h, what, 0, 0);
	return (uint32_t)(h & (x->sets - 1));
}

static struct detect_xbits_entry *
places(const struct detect_xbits *x, const struct detect_xbits_key *k) {
	return detect_xbits_places(x, set_of(x, k));
}

static void will_change(struct detect_xbits *x, const struct detect_xbits_key *k) {
	if (UNLIKELY(x->sweep.at < x->sweep.end))
		state_sweep_change(&x->sweep, detect_xbits_save, x, set_of(x, k));
}

static struct detect_xbits_entry *
find(const struct detect_xbits *x, const struct detect_xbits_key *key) {
	if (x->sets == 0)
		return NULL;
	struct detect_xbits_entry *e = places(x, key);
	for (uint32_t i = 0; i < WAYS; i++) {
		if (e[i].expire_us != INT64_MIN && is_same(&e[i].key, key))
			return &e[i];
	}
	return NULL;
}

bool detect_xbits_has(
	const struct detect_xbits *x, const struct detect_xbits_key *key, int64_t now_us
) {
	const struct detect_xbits_entry *e = find(x, key);
	return e != NULL && now_us < e->expire_us;
}

void detect_xbits_set(
	struct detect_xbits *x, const struct detect_xbits_key *key, int64_t now_us,
	int64_t expire_us
) {
	struct detect_xbits_entry *e = find(x, key);
	if (x->sets == 0)
		return;
	will_change(x, key);
	if (e == NULL) {
		struct detect_xbits_entry *all = places(x, key);
		for (uint32_t i = 0; i < WAYS && e == NULL; i++)
			e = all[i].expire_us <= now_us ? &all[i] : NULL;
	}
	if (e == NULL) {
		x->full++;
		return;
	}
	e->key = *key;
	e->expire_us = expire_us;
}

void detect_xbits_clear(struct detect_xbits *x, const struct detect_xbits_key *key) {
	struct detect_xbits_entry *e = find(x, key);
	if (e == NULL)
		return;
	will_change(x, key);
	e->expire_us = INT64_MIN;
}
