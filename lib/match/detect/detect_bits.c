// Finds a bit where it lies, in the flow's storage or in the table of addresses, tests and changes it.

#include "detect_bits.h"

#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>

static bool is_condition(const struct snort_bit *bit) {
	return bit->op == SNORT_BIT_ISSET || bit->op == SNORT_BIT_ISNOTSET;
}

int detect_bits_init(struct detect_bits *b, const struct snort_rules *rs, const bool *refused) {
	*b = (struct detect_bits){
		.flow = malloc(((size_t)rs->flowbits.n + 1) * sizeof(*b->flow)),
	};
	if (b->flow == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < rs->flowbits.n; i++)
		b->flow[i] = DETECT_NO_BIT;
	for (uint32_t i = 0; i < rs->n_rules; i++) {
		const struct snort_rule *r = &rs->rules[i];
		for (uint32_t k = 0; k < r->n_bits && !refused[i]; k++) {
			const struct snort_bit *bit = &r->bits[k];
			if (!is_condition(bit))
				continue;
			b->xbits |= bit->track != SNORT_BIT_FLOW;
			for (uint32_t j = 0; bit->track == SNORT_BIT_FLOW && j < bit->n; j++) {
				uint32_t *at = &b->flow[bit->ids[j]];
				if (*at == DETECT_NO_BIT && b->n_flow < DETECT_FLOW_BITS_MAX)
					*at = b->n_flow++;
			}
		}
	}
	return 0;
}

void detect_bits_fini(struct detect_bits *b) {
	free(b->flow);
	*b = (struct detect_bits){};
}

bool detect_bits_fit(const struct detect_bits *b, const struct snort_rule *r) {
	for (uint32_t k = 0; k < r->n_bits; k++) {
		const struct snort_bit *bit = &r->bits[k];
		if (bit->track != SNORT_BIT_FLOW || !is_condition(bit))
			continue;
		for (uint32_t j = 0; j < bit->n; j++) {
			if (b->flow[bit->ids[j]] == DETECT_NO_BIT)
				return false;
		}
	}
	return true;
}

uint32_t detect_bits_order(const struct snort_rule *r) {
	// by: tests | changes << 1
	static const uint8_t place[] = {3, 2, 0, 1};
	uint32_t flow = 0, other = 0;
	for (uint32_t k = 0; k < r->n_bits; k++) {
		uint32_t does = is_condition(&r->bits[k]) ? 1 : 2;
		if (r->bits[k].track == SNORT_BIT_FLOW)
			flow |= does;
		else
			other |= does;
	}
	return place[flow] * 4u + place[other];
}

static struct detect_xbits_key
key_of(const struct snort_bit *bit, uint32_t id, const struct detect_view *v) {
	struct detect_xbits_key k = {.id = id, .family = v->family};
	if (bit->track == SNORT_BIT_SRC) {
		k.a = v->src;
	} else if (bit->track == SNORT_BIT_DST) {
		k.a = v->dst;
	} else {
		k.pair = 1;
		k.a = v->src < v->dst ? v->src : v->dst;
		k.b = v->src < v->dst ? v->dst : v->src;
	}
	return k;
}

static bool
is_set(const struct detect_bits *b, const struct detect_xbits *x, const struct snort_bit *bit,
       uint32_t id, const struct detect_view *v) {
	if (bit->track != SNORT_BIT_FLOW) {
		struct detect_xbits_key k = key_of(bit, id, v);
		return detect_xbits_has(x, &k, v->in->time_us);
	}
	uint32_t at = b->flow[id];
	const uint64_t *bits = v->in->flow != NULL ? v->in->flow->bits : NULL;
	return bits != NULL && at != DETECT_NO_BIT && (bits[at / 64] >> at % 64 & 1);
}

bool detect_bits_hold(
	const struct detect_bits *b, const struct detect_xbits *x, const struct snort_rule *r,
	const struct detect_view *v
) {
	for (uint32_t k = 0; k < r->n_bits; k++) {
		const struct snort_bit *bit = &r->bits[k];
		bool holds = !is_condition(bit);
		for (uint32_t j = 0; j < bit->n && !holds; j++)
			holds = is_set(b, x, bit, bit->ids[j], v) == (bit->op == SNORT_BIT_ISSET);
		if (!holds)
			return false;
	}
	return true;
}

static void change_flow(uint64_t *bits, uint32_t at, enum snort_bit_op op) {
	uint64_t bit = (uint64_t)1 << at % 64;
	if (op == SNORT_BIT_SET)
		bits[at / 64] |= bit;
	else if (op == SNORT_BIT_UNSET)
		bits[at / 64] &= ~bit;
	else
		bits[at / 64] ^= bit;
}

static void change_other(
	struct detect_xbits *x, const struct snort_bit *bit, uint32_t id,
	const struct detect_view *v
) {
	int64_t now = v->in->time_us;
	struct detect_xbits_key k = key_of(bit, id, v);
	bool on = bit->op == SNORT_BIT_SET
		|| (bit->op == SNORT_BIT_TOGGLE && !detect_xbits_has(x, &k, now));
	uint32_t seconds = bit->expire_s != 0 ? bit->expire_s : 30;
	int64_t expire;
	if (__builtin_add_overflow(now, (int64_t)seconds * 1000000, &expire))
		expire = INT64_MAX;
	if (on)
		detect_xbits_set(x, &k, now, expire);
	else
		detect_xbits_clear(x, &k);
}

void detect_bits_apply(
	const struct detect_bits *b, struct detect_xbits *x, const struct snort_rule *r,
	const struct detect_view *v
) {
	uint64_t *bits = v->in->flow != NULL ? v->in->flow->bits : NULL;
	for (uint32_t k = 0; k < r->n_bits; k++) {
		const struct snort_bit *bit = &r->bits[k];
		if (is_condition(bit))
			continue;
		for (uint32_t j = 0; j < bit->n; j++) {
			if (bit->track != SNORT_BIT_FLOW)
				change_other(x, bit, bit->ids[j], v);
			else if (bits != NULL && b->flow[bit->ids[j]] != DETECT_NO_BIT)
				change_flow(bits, b->flow[bit->ids[j]], bit->op);
		}
	}
}

uint64_t detect_bits_digest(const struct detect_bits *b, const struct snort_rules *rs) {
	struct digest d;
	digest_init(&d);
	digest_number(&d, b->n_flow);
	for (uint32_t i = 0; i < rs->flowbits.n; i++) {
		digest_number(&d, b->flow[i]);
		digest_text(&d, rs->flowbits.names[i]);
	}
	digest_number(&d, b->xbits ? rs->xbits.n : 0);
	for (uint32_t i = 0; b->xbits && i < rs->xbits.n; i++)
		digest_text(&d, rs->xbits.names[i]);
	return d.sum | 1;
}
