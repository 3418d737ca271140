// Flows by tuple, chained where their hashes meet. A hand goes round over all of them and takes away what
// is over; where room is needed it goes on for a few flows more and takes away what is worth least.

#include "flow_memory.h"

#include "flow_memory_priv.h"
#include "match/tcp/tcp_flow.h"

#include <stdlib.h>

// Of the memory, one in so many octets is for bits.
#define BITS_SHARE 4

#define FLOWS_MAX (1u << 30)
#define FLOW_OCTETS (sizeof(struct flow) + 2 * sizeof(uint32_t)) // with buckets, up to two a flow

// Flows looked at for one that gives way.
#define EVICT_LOOKS 16

// Flows the hand looks at for each that is opened: it has been round before half as many were opened as
// there are.
#define OPEN_LOOKS 2

static size_t flow_octets(const struct flow_memory *m) {
	return ((size_t)m->flows_max + 1) * sizeof(*m->flow);
}

static size_t bucket_octets(const struct flow_memory *m) {
	return ((size_t)m->mask + 1) * sizeof(*m->bucket);
}

struct flow_memory *flow_memory_new(const struct flow_memory_config *conf) {
	assert(conf->memory >= FLOW_MEMORY_MIN);
	// Each has one that is none.
	uint64_t flows = conf->memory / BITS_SHARE * (BITS_SHARE - 1) / FLOW_OCTETS - 1;
	uint64_t bits = conf->memory / BITS_SHARE / FLOW_BITS_OCTETS - 1;
	struct flow_memory *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return NULL;
	m->flows_max = flows < FLOWS_MAX ? (uint32_t)flows : FLOWS_MAX;
	m->fresh = 1;
	m->horizon_us = INT64_MIN;
	m->seed = conf->seed;
	m->mem = conf->mem;
	uint32_t buckets = 1;
	while (buckets < m->flows_max)
		buckets <<= 1;
	m->mask = buckets - 1;
	m->flow = m->mem->alloc(m->mem, flow_octets(m));
	m->bucket = m->mem->alloc(m->mem, bucket_octets(m));
	uint32_t bits_max = bits < FLOW_BITS_FLOWS_MAX ? (uint32_t)bits : FLOW_BITS_FLOWS_MAX;
	if (m->flow == NULL || m->bucket == NULL || state_sweep_init(&m->sweep, buckets) < 0
	    || flow_bits_init(&m->bits, bits_max, m->mem) < 0) {
		flow_memory_free(m);
		return NULL;
	}
	m->stats.flows_max = m->flows_max;
	m->stats.bits_max = bits_max;
	return m;
}

void flow_memory_free(struct flow_memory *m) {
	if (m == NULL)
		return;
	flow_bits_fini(&m->bits);
	state_sweep_fini(&m->sweep);
	if (m->bucket != NULL)
		m->mem->free(m->mem, m->bucket, bucket_octets(m));
	if (m->flow != NULL)
		m->mem->free(m->mem, m->flow, flow_octets(m));
	free(m);
}

static bool is_over(const struct flow_memory *m, const struct flow *f, int64_t now_us) {
	int64_t timeout = f->sides == 3 ? FLOW_MEMORY_ESTABLISHED_US : FLOW_MEMORY_NEW_US;
	return now_us > f->last_us && (uint64_t)now_us - (uint64_t)f->last_us > (uint64_t)timeout;
}

static void will_change(struct flow_memory *m, const uint32_t *bucket) {
	state_sweep_change(&m->sweep, flow_memory_save, m, (uint32_t)(bucket - m->bucket));
}

static void forget(struct flow_memory *m, struct flow *f) {
	uint32_t i = (uint32_t)(f - m->flow);
	uint32_t *at = flow_memory_bucket(m, &f->tuple);
	will_change(m, at);
	while (*at != i)
		at = &m->flow[*at].chain;
	*at = f->chain;
	flow_bits_drop(&m->bits, f->bits);
	f->used = false;
	f->chain = m->unused;
	m->unused = i;
	m->stats.flows--;
}

static struct flow *hand_on(struct flow_memory *m) {
	m->hand = m->hand + 1 < m->fresh ? m->hand + 1 : 1;
	return &m->flow[m->hand];
}

static uint32_t sweep(struct flow_memory *m, uint32_t looks) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < looks && i + 1 < m->fresh; i++) {
		struct flow *f = hand_on(m);
		if (f->used && is_over(m, f, m->horizon_us)) {
			forget(m, f);
			n++;
		}
	}
	m->stats.expired += n;
	return n;
}

// What a flow is worth at `now_us`: the more, the more would be lost with it.
static uint32_t worth(const struct flow_memory *m, const struct flow *f, int64_t now_us) {
	return is_over(m, f, now_us) ? 0 : f->sides == 3 ? 2 : 1;
}

// The table is full.
static void make_room(struct flow_memory *m, int64_t now_us) {
	struct flow *least = NULL;
	uint32_t value = 0;
	for (uint32_t i = 0; i < EVICT_LOOKS; i++) {
		struct flow *f = hand_on(m);
		uint32_t w = worth(m, f, now_us);
		if (least == NULL || w < value || (w == value && f->last_us < least->last_us)) {
			least = f;
			value = w;
		}
	}
	if (is_over(m, least, m->horizon_us))
		m->stats.expired++;
	else if (value == 0)
		m->stats.displaced++;
	else
		m->stats.evicted++;
	forget(m, least);
}

static void begin(struct flow_memory *m, struct flow *f, uint32_t dir, int64_t time_us) {
	f->last_us = time_us;
	f->bits = 0;
	f->client = dir & 1;
	f->sides = 0;
	m->stats.opened++;
}

struct flow *
flow_memory_insert(struct flow_memory *m, uint32_t *bucket, const struct flow_tuple *tuple) {
	uint32_t i = m->unused;
	if (i != 0)
		m->unused = m->flow[i].chain;
	else
		i = m->fresh++;
	struct flow *f = &m->flow[i];
	*f = (struct flow){.tuple = *tuple, .chain = *bucket, .used = true};
	*bucket = i;
	m->stats.flows++;
	return f;
}

static struct flow *open_flow(
	struct flow_memory *m, uint32_t *bucket, const struct flow_tuple *tuple, uint32_t dir,
	int64_t time_us
) {
	sweep(m, OPEN_LOOKS);
	if (m->stats.flows == m->flows_max)
		make_room(m, time_us);
	struct flow *f = flow_memory_insert(m, bucket, tuple);
	begin(m, f, dir, time_us);
	return f;
}

void flow_memory_packet(
	struct flow_memory *m, const struct flow_key *key, int64_t time_us, struct detect_flow *out
) {
	struct flow_tuple tuple;
	uint32_t dir = flow_tuple_of(&tuple, key);
	uint32_t *bucket = flow_memory_bucket(m, &tuple);
	will_change(m, bucket);
	uint32_t i = *bucket;
	while (i != 0 && !flow_tuple_equal(&m->flow[i].tuple, &tuple))
		i = m->flow[i].chain;
	struct flow *f = &m->flow[i];
	if (UNLIKELY(i == 0)) {
		f = open_flow(m, bucket, &tuple, dir, time_us);
	} else if (UNLIKELY(is_over(m, f, time_us))) {
		flow_bits_drop(&m->bits, f->bits);
		m->stats.expired++;
		begin(m, f, dir, time_us);
	}
	f->last_us = time_us > f->last_us ? time_us : f->last_us;
	f->sides |= (1u << dir) & 3;
	m->current = f;
	*out = (struct detect_flow){
		.dir = dir == f->client ? DETECT_TO_SERVER : DETECT_TO_CLIENT,
		.state = f->sides == 3 ? DETECT_ESTABLISHED : DETECT_NOT_ESTABLISHED,
		.bits = flow_bits_of(&m->bits, f->bits),
	};
}

void flow_memory_keep(struct flow_memory *m, const struct detect_flow *flow) {
	struct flow *f = m->current;
	f->bits = flow_bits_keep(&m->bits, f->bits, flow->bits) & FLOW_BITS_FLOWS_MAX;
}

void flow_memory_tcp_bits(
	struct flow_memory *m, const struct tcp_flow *f, struct detect_flow *flow
) {
	flow->bits = flow_bits_of(&m->bits, f->bits);
}

void flow_memory_tcp_keep(
	struct flow_memory *m, struct tcp_flow *f, const struct detect_flow *flow
) {
	f->bits = flow_bits_keep(&m->bits, f->bits, flow->bits) & FLOW_BITS_FLOWS_MAX;
}

void flow_memory_tcp_close(struct flow_memory *m, struct tcp_flow *f) {
	flow_bits_drop(&m->bits, f->bits);
	f->bits = 0;
}

uint32_t flow_memory_prefetch(const struct flow_memory *m, const struct flow_key *key) {
	struct flow_tuple tuple;
	flow_tuple_of(&tuple, key);
	uint32_t *bucket = flow_memory_bucket(m, &tuple);
	__builtin_prefetch(bucket); // the index of the chain's first flow
	return (uint32_t)(bucket - m->bucket);
}

void flow_memory_prefetch_flow(const struct flow_memory *m, uint32_t bucket) {
	__builtin_prefetch(&m->flow[m->bucket[bucket]]);
}

uint32_t flow_memory_advance(struct flow_memory *m, int64_t now_us, uint32_t budget) {
	m->horizon_us = now_us > m->horizon_us ? now_us : m->horizon_us;
	return sweep(m, budget);
}

void flow_memory_forget_bits(struct flow_memory *m, uint32_t words) {
	flow_bits_forget(&m->bits, words);
}

const struct flow_memory_stats *flow_memory_stats(struct flow_memory *m) {
	m->stats.bits = m->bits.taken;
	m->stats.bits_full = m->bits.full;
	return &m->stats;
}
