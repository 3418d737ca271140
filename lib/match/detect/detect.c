// Runs packets through the engine: the packet's groups propose rules, and each is decided by its
// header, its bits, its payload, in this order; what matches does to bits what it says.

#include "detect.h"

#include "detect_priv.h"

#include <stdlib.h>

uint32_t detect_flow_words(const struct detect *d) {
	return (d->bits.n_flow + 63) / 64;
}

void detect_stats(const struct detect *d, struct detect_stats *stats) {
	*stats = d->stats;
}

struct detect_scratch *detect_scratch_new(const struct detect *d) {
	struct detect_scratch *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	for (uint32_t i = 0; i < d->n_groups; i++) {
		if (d->groups[i].db != NULL
		    && hs_alloc_scratch(d->groups[i].db, &s->hs) != HS_SUCCESS)
			goto fail;
	}
	s->verify = verify_scratch_new(DETECT_PAYLOAD_MAX);
	s->found = calloc(d->n_rules / 64 + 1, sizeof(*s->found));
	if (s->verify == NULL || s->found == NULL || detect_set_init(&s->pending, d->n_rules) < 0
	    || detect_xbits_init(&s->xbits, d->xbits) < 0)
		goto fail;
	return s;
fail:
	detect_scratch_free(s);
	return NULL;
}

void detect_scratch_free(struct detect_scratch *s) {
	if (s == NULL)
		return;
	hs_free_scratch(s->hs);
	verify_scratch_free(s->verify);
	detect_set_fini(&s->pending);
	free(s->found);
	detect_xbits_fini(&s->xbits);
	free(s);
}

void detect_scratch_counts(const struct detect_scratch *s, struct detect_counts *counts) {
	*counts = s->counts;
	counts->limited = s->verify->limited;
	counts->xbits_full = s->xbits.full;
}

static void
propose(const struct detect *d, struct detect_scratch *s, const struct detect_packet *in,
	uint32_t group) {
	const struct detect_group *g = &d->groups[group];
	s->counts.scans += in->len > 0 && g->db != NULL;
	detect_group_scan(g, s->hs, in->payload, in->len, &s->pending);
}

// `found`, in a stream: then the payload is not looked at again.
static bool
decide(const struct detect *d, struct detect_scratch *s, const struct detect_rule *r,
       const struct detect_view *v, bool found) {
	if (!detect_head_holds(r->rule, v)
	    || (r->rule->n_bits > 0 && !detect_bits_hold(&d->bits, &s->xbits, r->rule, v)))
		return false;
	s->counts.verified += !found;
	if (!found && !verifier_run(r->verifier, s->verify, v->in->payload, v->in->len))
		return false;
	if (r->rule->n_bits > 0)
		detect_bits_apply(&d->bits, &s->xbits, r->rule, v);
	return true;
}

// Of all that is pending.
static uint32_t decide_all(
	const struct detect *d, struct detect_scratch *s, const struct detect_view *v,
	uint32_t *rules
) {
	uint32_t n = 0, at = 0, place;
	while (detect_set_take(&s->pending, &at, &place)) {
		uint64_t *word = &s->found[place / 64], bit = (uint64_t)1 << place % 64;
		bool found = *word & bit;
		*word &= ~bit;
		if (decide(d, s, &d->rules[place], v, found))
			rules[n++] = d->rules[place].index;
	}
	return n;
}

uint32_t detect_run(
	const struct detect *d, struct detect_scratch *s, const struct detect_packet *packet,
	uint32_t *rules
) {
	struct detect_packet in = *packet;
	struct detect_view v;
	if (in.len > DETECT_PAYLOAD_MAX)
		in.len = DETECT_PAYLOAD_MAX;
	detect_view_init(&v, &in);
	uint32_t by_dst = detect_plan_group(&d->plan, v.proto, v.dir, DETECT_BY_DST, v.dst_port);
	uint32_t by_src = detect_plan_group(&d->plan, v.proto, v.dir, DETECT_BY_SRC, v.src_port);
	s->counts.packets++;
	if (by_dst != DETECT_NO_GROUP)
		propose(d, s, &in, by_dst);
	if (by_src != DETECT_NO_GROUP && by_src != by_dst)
		propose(d, s, &in, by_src);
	return decide_all(d, s, &v, rules);
}

void detect_found(const struct detect *d, struct detect_scratch *s, uint32_t rule) {
	uint32_t place = d->place[rule];
	s->found[place / 64] |= (uint64_t)1 << place % 64;
	detect_set_add(&s->pending, place);
}

uint32_t detect_decide(
	const struct detect *d, struct detect_scratch *s, const struct detect_packet *packet,
	uint32_t *rules
) {
	struct detect_view v;
	detect_view_init(&v, packet);
	return decide_all(d, s, &v, rules);
}

bool detect_wants_ttl(const struct detect *d) {
	return d->wants_ttl;
}

bool detect_wants_hosts(const struct detect *d) {
	for (uint32_t i = 0; i < d->n_rules; i++) {
		const struct snort_rule *r = d->rules[i].rule;
		for (uint32_t k = 0; k < r->n_bits; k++) {
			const struct snort_bit *b = &r->bits[k];
			if ((b->track == SNORT_BIT_SRC || b->track == SNORT_BIT_DST)
			    && (b->op == SNORT_BIT_ISSET || b->op == SNORT_BIT_ISNOTSET))
				return true;
		}
	}
	return false;
}

uint64_t detect_names(const struct detect *d) {
	return d->bits_digest;
}

void detect_save_begin(const struct detect *d, struct detect_scratch *s, struct state_writer *to) {
	detect_xbits_save_begin(&s->xbits, to, d->bits_digest);
}

bool detect_save_step(struct detect_scratch *s) {
	return detect_xbits_save_step(&s->xbits);
}

void detect_save_end(struct detect_scratch *s) {
	detect_xbits_save_end(&s->xbits);
}

int detect_load(
	const struct detect *d, struct detect_scratch *s, const struct state_record *r,
	const struct share *share, struct err *err
) {
	return detect_xbits_load(&s->xbits, r, share, d->bits_digest, d->rs->xbits.n, err);
}
