// One record holds any set: it has few values, or is estimated.

#include "distinct_save.h"

#include "flow/hll.h"

#include <errno.h>
#include <string.h>

struct saved_set {
	struct flow_key key;
	struct rule_id rule;
	uint16_t n[2]; // values that are not IPv6 addresses, and those that are, in this order
	uint16_t least; // 1: values are missing
	uint16_t estimated; // 1: HLL_REGISTERS follow; 0: values
};

struct saved_value {
	uint64_t word[2];
};

static_assert(
	sizeof(struct saved_set) + DISTINCT_EXACT_MAX * sizeof(struct saved_value)
	<= STATE_RECORD_MAX
);

static uint8_t *put_values(
	const struct distinct *d, const struct distinct_set *s, uint32_t v6, uint8_t *to,
	uint16_t *n
) {
	for (uint32_t i = s->first; i != 0; i = d->pair[i - 1].next) {
		const struct distinct_pair *p = &d->pair[i - 1];
		if ((p->hash & 1) != v6)
			continue;
		memcpy(to, p->word, sizeof(p->word));
		to += sizeof(p->word);
		++*n;
	}
	return to;
}

bool distinct_save(
	const struct distinct *d, const struct flow_sum *of, struct state_writer *w, uint16_t kind,
	uint16_t version
) {
	const struct distinct_set *s = &d->set[of->distinct - 1];
	const uint8_t *registers = distinct_registers(d, of->distinct);
	struct saved_set head;
	memset(&head, 0, sizeof(head));
	head.key = of->key;
	head.rule = of->rule;
	head.least = s->least;
	head.estimated = registers != NULL;
	size_t octets = registers != NULL ? HLL_REGISTERS : s->n * sizeof(struct saved_value);
	uint8_t *begin = state_writer_begin(w, (uint32_t)(sizeof(head) + octets));
	if (begin == NULL)
		return false;
	uint8_t *to = begin + sizeof(head);
	if (registers != NULL)
		memcpy(to, registers, HLL_REGISTERS);
	for (uint32_t v6 = 0; registers == NULL && v6 <= 1; v6++)
		to = put_values(d, s, v6, to, &head.n[v6]);
	memcpy(begin, &head, sizeof(head));
	state_writer_end(w, kind, version, (uint32_t)(sizeof(head) + octets));
	return true;
}

int distinct_saved_of(const struct state_record *r, struct flow_sum *of) {
	struct saved_set head;
	if (r->len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, r->octets, sizeof(head));
	uint32_t n = (uint32_t)head.n[0] + head.n[1], octets = r->len - (uint32_t)sizeof(head);
	if (head.least > 1 || head.estimated > 1)
		return -EBADMSG;
	if (head.estimated ? octets != HLL_REGISTERS || n != 0
			   : n > DISTINCT_EXACT_MAX || octets != n * sizeof(struct saved_value))
		return -EBADMSG;
	const uint8_t *registers = (const uint8_t *)r->octets + sizeof(head);
	for (uint32_t i = 0; head.estimated && i < HLL_REGISTERS; i++)
		if (registers[i] > HLL_RANK_MAX)
			return -EBADMSG;
	*of = (struct flow_sum){.key = head.key, .rule = head.rule};
	return 0;
}

void distinct_load(struct distinct *d, uint32_t set, const struct state_record *r) {
	struct saved_set head;
	memcpy(&head, r->octets, sizeof(head));
	const uint8_t *at = (const uint8_t *)r->octets + sizeof(head);
	d->set[set - 1].least |= head.least;
	if (head.estimated)
		distinct_add_estimated(d, set, at);
	for (uint32_t i = 0; i < (uint32_t)head.n[0] + head.n[1]; i++) {
		struct saved_value v;
		memcpy(&v, at + i * sizeof(v), sizeof(v));
		distinct_add(
			d, set,
			&(struct flow_value){
				.number = (__uint128_t)v.word[0] << 64 | v.word[1],
				.family = i < head.n[0] ? 0 : KEY_V6,
			}
		);
	}
}
