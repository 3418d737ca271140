// The fragment table: a set-associative cache of first fragments. A full bucket gives up its oldest
// entry, so memory and the work of a fragment are bounded whatever is sent.

#include "fragment.h"

#include "fragment_priv.h"

#include <stdlib.h>
#include <string.h>

struct fragment_table *fragment_table_new(uint32_t entries, const struct hash_seed *seed) {
	if (entries > UINT32_MAX / 2)
		return NULL;
	uint32_t n = WAYS;
	while (n < entries)
		n *= 2;
	struct fragment_table *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->entry = calloc(n, sizeof(*t->entry));
	if (t->entry == NULL)
		goto no_entries;
	for (uint32_t i = 0; i < n; i++)
		t->entry[i].time_us = FREE;
	t->mask = n / WAYS - 1;
	t->seed = *seed;
	if (state_sweep_init(&t->sweep, t->mask + 1) == 0)
		return t;
	free(t->entry);

no_entries:
	free(t);
	return NULL;
}

void fragment_table_free(struct fragment_table *t) {
	if (t == NULL)
		return;
	state_sweep_fini(&t->sweep);
	free(t->entry);
	free(t);
}

// The identity of a datagram, without ports and time.
static struct fragment identity(const struct flow_key *key, uint32_t id) {
	struct fragment f = {.id = id, .v6 = key->flags & KEY_V6 ? 1 : 0};
	if (f.v6) {
		memcpy(f.addr, key->src6, 16);
		memcpy(f.addr + 16, key->dst6, 16);
	} else {
		memcpy(f.addr, key->src4, 4);
		memcpy(f.addr + 16, key->dst4, 4);
		f.proto = key->proto;
	}
	return f;
}

static bool same_datagram(const struct fragment *e, const struct fragment *f) {
	return e->time_us != FREE && e->id == f->id && e->v6 == f->v6
		&& (f->v6 || e->proto == f->proto)
		&& memcmp(e->addr, f->addr, sizeof(e->addr)) == 0;
}

static uint32_t bucket_of(const struct fragment_table *t, const struct fragment *f) {
	uint64_t w[4];
	memcpy(w, f->addr, sizeof(w));
	// `proto` is only set where it identifies.
	uint64_t extra = (uint64_t)f->id << 16 | (uint64_t)f->v6 << 8 | f->proto;
	uint64_t h = hash_4(&t->seed, w[0], w[1] ^ extra, w[2], w[3]);
	return (uint32_t)(h ^ (h >> 32)) & t->mask;
}

// Whether `then` is at most FRAGMENT_LIFE_US older than `now`.
static bool alive(int64_t then, int64_t now) {
	int64_t age;
	return !__builtin_sub_overflow(now, then, &age) ? age <= FRAGMENT_LIFE_US : now < then;
}

void fragment_table_put(
	struct fragment_table *t, const struct flow_key *key, uint32_t id, int64_t time_us
) {
	struct fragment f = identity(key, id);
	uint32_t number = bucket_of(t, &f);
	state_sweep_change(&t->sweep, fragment_table_save, t, number);
	struct fragment *bucket = fragment_bucket(t, number), *to = bucket;
	for (int i = 0; i < WAYS; i++) {
		if (same_datagram(&bucket[i], &f)) {
			to = &bucket[i];
			goto write;
		}
		if (bucket[i].time_us < to->time_us)
			to = &bucket[i]; // FREE is older than any
	}
	if (to->time_us != FREE && alive(to->time_us, time_us))
		t->stats.evicted++;
write:
	*to = f;
	to->time_us = time_us != FREE ? time_us : FREE + 1;
	to->proto = key->proto;
	to->src_port = key->src_port;
	to->dst_port = key->dst_port;
}

bool fragment_table_get(
	const struct fragment_table *t, struct flow_key *key, uint32_t id, int64_t time_us
) {
	struct fragment f = identity(key, id);
	const struct fragment *bucket = fragment_bucket(t, bucket_of(t, &f));
	for (int i = 0; i < WAYS; i++) {
		const struct fragment *e = &bucket[i];
		if (!same_datagram(e, &f))
			continue;
		if (!alive(e->time_us, time_us))
			return false;
		key->src_port = e->src_port;
		key->dst_port = e->dst_port;
		if (f.v6)
			key->proto = e->proto;
		return true;
	}
	return false;
}

struct fragment_stats fragment_table_stats(const struct fragment_table *t) {
	return t->stats;
}
