// A table of sums that does not grow. Where it is full a hand goes round (CLOCK): the first window that had
// no packet since it last came by is given out as it stands.

#include "count_table.h"

#include "flow/count_save.h"

#include <errno.h>

uint32_t count_table_rows(uint32_t rows) {
	uint32_t capacity = 1;
	while (capacity < rows)
		capacity <<= 1;
	return capacity;
}

uint64_t count_table_octets(uint32_t rows) {
	return (uint64_t)count_table_rows(rows)
		* (sizeof(struct flow_sum) + 2 * sizeof(uint32_t) + sizeof(uint8_t));
}

int count_table_init(struct count_table *t, const struct count_config *conf) {
	memset(t, 0, sizeof(*t));
	uint32_t capacity = count_table_rows(conf->rows);
	t->packets = conf->packets;
	t->patient = conf->patient;
	t->seed = conf->seed;
	t->mem = conf->mem;
	t->rest.key.flags = KEY_REST;
	flow_key_mask(&t->mask, conf->fields);
	if (conf->where != NULL && conf->where[0] != '\0') {
		t->where = where_new(conf->where, conf->fields, &(struct key_cut){0}, NULL);
		if (t->where == NULL)
			return -ENOMEM;
	}
	struct flow_sum *sum = conf->mem->alloc(conf->mem, count_table_octets(capacity));
	if (sum == NULL) {
		count_table_fini(t);
		return -ENOMEM;
	}
	uint32_t *index = (uint32_t *)(sum + capacity);
	sums_init_fixed(&t->open, capacity, sum, index);
	t->used = (uint8_t *)(index + 2 * (size_t)capacity);
	int ret = state_sweep_init(&t->sweep, capacity);
	if (ret == 0)
		ret = spsc_init(&t->done, COUNT_RING_DEPTH, sizeof(struct flow_sum));
	if (ret < 0)
		count_table_fini(t);
	return ret;
}

void count_table_fini(struct count_table *t) {
	if (t->open.sum != NULL)
		t->mem->free(t->mem, t->open.sum, count_table_octets(t->open.capacity));
	t->open = (struct sums){0};
	where_free(t->where);
	t->where = NULL;
	state_sweep_fini(&t->sweep);
	spsc_fini(&t->done);
}

static bool push(struct count_table *t, const struct flow_sum *sum, bool wait) {
	uint32_t slot;
	if ((wait ? spsc_wait(&t->done, 1, &slot) : spsc_reserve(&t->done, 1, &slot)) == 0)
		return false;
	*(struct flow_sum *)spsc_slot(&t->done, slot) = *sum;
	spsc_commit(&t->done, 1);
	return true;
}

static void push_rest(struct count_table *t, bool wait) {
	if (t->rest.packets == 0 || !push(t, &t->rest, wait))
		return;
	t->rest = (struct flow_sum){.key.flags = KEY_REST};
}

static void give(struct count_table *t, const struct flow_sum *sum) {
	push_rest(t, false);
	if (!push(t, sum, t->patient))
		flow_sum_merge(&t->rest, sum);
}

static void change(struct count_table *t, uint32_t i) {
	state_sweep_change(&t->sweep, count_table_save, t, i);
}

// It was said to change.
static void drop(struct count_table *t, const struct flow_sum *sum) {
	uint32_t i = (uint32_t)(sum - t->open.sum);
	// The last one moves to its place.
	change(t, t->open.n - 1);
	sums_remove(&t->open, sum);
	t->used[i] = t->used[t->open.n];
}

static void make_room(struct count_table *t) {
	for (;; t->hand++) {
		t->hand = t->hand < t->open.n ? t->hand : 0;
		if (!t->used[t->hand])
			break;
		t->used[t->hand] = 0;
	}
	struct flow_sum *oldest = &t->open.sum[t->hand];
	change(t, t->hand);
	oldest->reason = FLOW_END_RESOURCES;
	oldest->partial = true;
	give(t, oldest);
	drop(t, oldest);
}

void count_table_add(struct count_table *t, const struct flow_key *key, const struct packet *p) {
	if (t->where != NULL && !where_holds(t->where, key, (struct rule_id){0}))
		return;
	struct flow_sum *sum = sums_find_insert(&t->open, key);
	if (UNLIKELY(sum == NULL)) {
		make_room(t);
		sum = sums_find_insert(&t->open, key);
	}
	// A new one is where none was, or where what was there has been saved.
	change(t, (uint32_t)(sum - t->open.sum));
	flow_sum_widen(sum, p->time_us, p->time_us);
	sum->packets++;
	sum->bytes += p->ip_len;
	sum->frame_bytes += p->wire_len;
	sum->matches += p->matches;
	sum->tcp_flags |= p->tcp_flags;
	t->used[sum - t->open.sum] = sum->packets > 1;
	if (sum->packets < t->packets)
		return;
	give(t, sum);
	drop(t, sum);
}

int count_table_put(struct count_table *t, const struct flow_sum *sum, bool used) {
	struct flow_sum *to = sums_find_insert(&t->open, &sum->key);
	if (to == NULL)
		return -ENOMEM;
	t->used[to - t->open.sum] = used;
	if (to->packets > 0 && to->packets + sum->packets < t->packets) {
		flow_sum_merge(to, sum);
		return 0;
	}
	if (to->packets > 0) {
		to->partial = true;
		// Nobody takes any yet.
		if (!push(t, to, false))
			flow_sum_merge(&t->rest, to);
	}
	*to = *sum;
	return 0;
}

void count_table_flush(struct count_table *t) {
	for (uint32_t i = 0; i < t->open.n; i++) {
		t->open.sum[i].partial = true;
		push_rest(t, true);
		push(t, &t->open.sum[i], true);
	}
	push_rest(t, true);
	sums_clear(&t->open);
}

uint32_t count_table_take(struct count_table *t, struct flow_sum *to, uint32_t max) {
	uint32_t first, n = spsc_peek(&t->done, max, &first);
	n = ring_mark_limit(&t->mark, first, n);
	for (uint32_t i = 0; i < n; i++)
		to[i] = *(const struct flow_sum *)spsc_slot(&t->done, first + i);
	spsc_drop(&t->done, n);
	return n;
}
