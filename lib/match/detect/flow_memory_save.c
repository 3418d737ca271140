// A record for each flow, its bits behind it.

#include "flow_memory_priv.h"
#include "match/match_state.h"
#include "match/tcp/tcp_flow.h"

#include <errno.h>

#define VERSION 1

struct saved_flow {
	struct flow_tuple tuple;
	uint8_t client, sides;
	uint8_t words; // of bits; they follow
	uint8_t zero;
	int64_t last_us;
	uint64_t names;
};
static_assert(sizeof(struct saved_flow) == 64);

static void save_flow(const struct flow_memory *m, const struct flow *f, struct state_writer *to) {
	const uint64_t *bits = flow_bits_look(&m->bits, f->bits);
	uint32_t words = bits != NULL ? m->bits.words : 0;
	uint32_t len = (uint32_t)(sizeof(struct saved_flow) + words * sizeof(*bits));
	struct saved_flow *s = state_writer_begin(to, len);
	if (s == NULL)
		return;
	*s = (struct saved_flow){
		.tuple = f->tuple,
		.client = f->client,
		.sides = f->sides,
		.words = (uint8_t)words,
		.last_us = f->last_us,
		.names = m->names,
	};
	if (words > 0)
		memcpy(s + 1, bits, words * sizeof(*bits));
	state_writer_end(to, MATCH_STATE_FLOW, VERSION, len);
}

void flow_memory_save(const void *x, uint32_t bucket, struct state_writer *to) {
	const struct flow_memory *m = x;
	for (uint32_t i = m->bucket[bucket]; i != 0; i = m->flow[i].chain)
		save_flow(m, &m->flow[i], to);
}

void flow_memory_save_begin(struct flow_memory *m, struct state_writer *to, uint64_t names) {
	m->names = names;
	state_sweep_begin(&m->sweep, to);
}

bool flow_memory_save_step(struct flow_memory *m) {
	return state_sweep_step(&m->sweep, flow_memory_save, m);
}

void flow_memory_save_end(struct flow_memory *m) {
	state_sweep_end(&m->sweep);
}

static bool is_sound(const struct state_record *r, const struct saved_flow *s) {
	return s->words <= FLOW_BITS_WORDS_MAX && r->len == sizeof(*s) + s->words * sizeof(uint64_t)
		&& flow_tuple_is_sound(&s->tuple) && s->client <= 1 && s->sides > 0
		&& s->sides <= 3;
}

int flow_memory_load(
	struct flow_memory *m, const struct state_record *r, const struct share *share,
	uint64_t names, struct err *err
) {
	const struct saved_flow *s = r->octets;
	struct flow_key key;
	if (r->kind != MATCH_STATE_FLOW)
		return 0;
	if (r->version != VERSION || r->len < sizeof(*s))
		return err_set(err, -EBADMSG, "a flow is saved in another way");
	if (!is_sound(r, s))
		return err_set(err, -EBADMSG, "a saved flow is none");
	flow_tuple_key(&s->tuple, 0, &key);
	if (!share_takes(share, &key, NULL))
		return 0;
	uint32_t *bucket = flow_memory_bucket(m, &s->tuple), i = *bucket;
	while (i != 0 && !flow_tuple_equal(&m->flow[i].tuple, &s->tuple))
		i = m->flow[i].chain;
	if (i != 0 || m->stats.flows == m->flows_max) {
		m->stats.evicted++;
		return 0;
	}
	struct flow *f = flow_memory_insert(m, bucket, &s->tuple);
	f->last_us = s->last_us;
	f->client = s->client & 1;
	f->sides = s->sides & 3;
	if (s->names == names)
		f->bits = flow_bits_take(&m->bits, (const uint64_t *)(s + 1), s->words)
			& FLOW_BITS_FLOWS_MAX;
	return 0;
}

uint32_t flow_memory_tcp_save(const struct flow_memory *m, const struct tcp_flow *f, uint64_t *to) {
	const uint64_t *bits = flow_bits_look(&m->bits, f->bits);
	if (bits == NULL)
		return 0;
	memcpy(to, bits, m->bits.words * sizeof(*bits));
	return m->bits.words;
}

void flow_memory_tcp_load(
	struct flow_memory *m, struct tcp_flow *f, const uint64_t *bits, uint32_t words
) {
	f->bits = flow_bits_take(&m->bits, bits, words) & FLOW_BITS_FLOWS_MAX;
}

int64_t flow_memory_horizon(const struct flow_memory *m) {
	return m->horizon_us;
}
