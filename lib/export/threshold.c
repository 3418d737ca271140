// A pool of counters in order of their making, found through chains; a hand goes round the pool for a
// place when it is full, so that who has to go does not depend on the hash.

#include "threshold.h"

#include "base/mem.h"
#include "flow_id.h"
#include "packet/flow_key_hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define LOOK_MAX 64 // counters that the hand looks at for one whose time is over

struct entry {
	struct flow_key key; // what is tracked, all else zero; `hash` is of rule and key
	CACHE_ALIGNED uint32_t gid;
	uint32_t sid;
	uint32_t next; // in the chain: place + 1; 0: the last
	uint32_t seen; // in the stretch of time that ends at end_us
	int64_t end_us;
	uint64_t packets; // kept back since the last that went out
	uint64_t bytes;
};
static_assert(sizeof(struct entry) == 2 * CACHE_LINE);

struct threshold {
	uint32_t entries;
	uint32_t used;
	uint32_t hand;
	struct hash_seed seed;
	uint32_t *heads; // of the chains: place + 1; as many as entries
	struct entry *pool;
};

struct threshold *threshold_new(uint32_t entries, const struct hash_seed *seed) {
	struct threshold *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->entries = entries;
	t->seed = *seed;
	t->heads = calloc(entries, sizeof(*t->heads));
	t->pool = mem_pages()->alloc(mem_pages(), entries * sizeof(*t->pool));
	if (t->heads == NULL || t->pool == NULL) {
		threshold_free(t);
		return NULL;
	}
	return t;
}

void threshold_free(struct threshold *t) {
	if (t == NULL)
		return;
	mem_pages()->free(mem_pages(), t->pool, t->entries * sizeof(*t->pool));
	free(t->heads);
	free(t);
}

static void track(struct flow_key *to, const struct flow_key *k, uint8_t by) {
	memset(to, 0, sizeof(*to));
	if (by == RULE_BY_FLOW) {
		flow_id_key(to, k);
		return;
	}
	if (by == RULE_BY_RULE)
		return;
	to->flags = k->flags & (KEY_V4 | KEY_V6);
	if (by != RULE_BY_DST) {
		memcpy(to->src4, k->src4, sizeof(to->src4));
		memcpy(to->src6, k->src6, sizeof(to->src6));
	}
	if (by != RULE_BY_SRC) {
		memcpy(to->dst4, k->dst4, sizeof(to->dst4));
		memcpy(to->dst6, k->dst6, sizeof(to->dst6));
	}
}

static uint32_t *chain(const struct threshold *t, uint32_t hash) {
	return &t->heads[hash & (t->entries - 1)];
}

static struct entry *find(const struct threshold *t, const struct entry *wanted) {
	for (uint32_t i = *chain(t, wanted->key.hash); i != 0; i = t->pool[i - 1].next) {
		struct entry *e = &t->pool[i - 1];
		if (e->gid == wanted->gid && e->sid == wanted->sid
		    && flow_key_equal(&e->key, &wanted->key))
			return e;
	}
	return NULL;
}

static void unlink_entry(struct threshold *t, uint32_t place) {
	uint32_t *at = chain(t, t->pool[place].key.hash);
	while (*at != place + 1)
		at = &t->pool[*at - 1].next;
	*at = t->pool[place].next;
}

// A place for one more: a new one, one whose time is over, or the oldest the hand comes to.
static uint32_t find_place(struct threshold *t, int64_t now_us) {
	if (t->used < t->entries)
		return t->used++;
	uint32_t oldest = t->hand;
	for (uint32_t i = 0; i < LOOK_MAX && i < t->entries; i++) {
		uint32_t place = (t->hand + i) & (t->entries - 1);
		if (t->pool[place].end_us < t->pool[oldest].end_us)
			oldest = place;
		if (t->pool[place].end_us <= now_us) {
			oldest = place;
			break;
		}
	}
	t->hand = (oldest + 1) & (t->entries - 1);
	unlink_entry(t, oldest);
	return oldest;
}

// The key's own hash is zero as this is asked.
static uint32_t hash_of(const struct threshold *t, const struct entry *e) {
	uint64_t hash = hash_bytes(&t->seed, &e->key, sizeof(e->key));
	return (uint32_t
	)hash_mum(hash ^ t->seed.k[0], ((uint64_t)e->gid << 32 | e->sid) ^ t->seed.k[1]);
}

static void link_entry(struct threshold *t, uint32_t place) {
	uint32_t *head = chain(t, t->pool[place].key.hash);
	t->pool[place].next = *head;
	*head = place + 1;
}

static struct entry *find_insert(struct threshold *t, const struct alert *a) {
	const struct rule_info *r = a->rule;
	struct entry wanted = {.gid = r->gid, .sid = r->sid, .end_us = INT64_MIN};
	track(&wanted.key, &a->key, r->threshold.track);
	wanted.key.hash = hash_of(t, &wanted);
	struct entry *e = find(t, &wanted);
	if (e != NULL)
		return e;
	uint32_t place = find_place(t, a->turn_us);
	e = &t->pool[place];
	*e = wanted;
	link_entry(t, place);
	return e;
}

static bool goes_out(const struct rule_threshold *t, struct entry *e) {
	switch ((enum rule_threshold_type)t->type) {
	case RULE_THRESHOLD_LIMIT:
		return e->seen <= t->count;
	case RULE_THRESHOLD_EVERY:
		if (e->seen < t->count)
			return false;
		e->seen = 0;
		return true;
	case RULE_THRESHOLD_BOTH:
		return e->seen == t->count;
	case RULE_THRESHOLD_FILTER:
		return e->seen > t->count;
	case RULE_THRESHOLD_NONE:
		break;
	}
	return true;
}

bool threshold_pass(struct threshold *t, struct alert *a) {
	const struct rule_threshold *rt = &a->rule->threshold;
	if (rt->type == RULE_THRESHOLD_NONE)
		return true;
	struct entry *e = find_insert(t, a);
	// A late packet is from ahead of the stretch, and belongs to it all the same.
	if (a->time_us >= e->end_us) {
		e->end_us = a->time_us + rt->seconds * SECOND;
		e->seen = 0;
	}
	e->seen += e->seen < UINT32_MAX;
	bool out = goes_out(rt, e);
	if (out) {
		a->packets += e->packets;
		a->bytes += e->bytes;
	}
	e->packets = out ? 0 : e->packets + a->packets;
	e->bytes = out ? 0 : e->bytes + a->bytes;
	return out;
}

// What is ahead of the counters in a record.
struct saved_thresholds {
	uint32_t entries, hand, n;
	uint32_t unused;
};

#define SAVED_MAX 1024

bool threshold_save(
	const struct threshold *t, struct state_writer *w, uint16_t kind, uint16_t version
) {
	for (uint32_t i = 0, n; i < t->used; i += n) {
		n = t->used - i < SAVED_MAX ? t->used - i : SAVED_MAX;
		struct saved_thresholds head = {.entries = t->entries, .hand = t->hand, .n = n};
		size_t len = sizeof(head) + n * sizeof(t->pool[0]);
		uint8_t *to = state_writer_begin(w, (uint32_t)len);
		if (to == NULL)
			return false;
		memcpy(to, &head, sizeof(head));
		memcpy(to + sizeof(head), &t->pool[i], n * sizeof(t->pool[0]));
		state_writer_end(w, kind, version, (uint32_t)len);
	}
	return true;
}

int threshold_load(struct threshold *t, const struct state_record *r, struct err *err) {
	struct saved_thresholds head;
	if (r->len < sizeof(head))
		return err_set(err, -EBADMSG, "not thresholds in the state");
	memcpy(&head, r->octets, sizeof(head));
	if (head.entries != t->entries || head.hand >= t->entries || head.n > t->entries - t->used
	    || r->len != sizeof(head) + head.n * sizeof(struct entry))
		return err_set(err, -EBADMSG, "not thresholds in the state");
	const uint8_t *from = (const uint8_t *)r->octets + sizeof(head);
	for (uint32_t i = 0; i < head.n; i++) {
		struct entry *e = &t->pool[t->used];
		memcpy(e, from + i * sizeof(*e), sizeof(*e));
		e->key.hash = 0;
		e->key.hash = hash_of(t, e);
		link_entry(t, t->used++);
	}
	t->hand = head.hand;
	return 0;
}
