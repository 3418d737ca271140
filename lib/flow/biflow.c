// Finding the other direction, and adding up what is of one conversation.

#include "biflow.h"

#include "packet/tcp_flags.h"

void biflow_init(struct biflow *b, bool on, uint32_t fields, const struct hash_seed *seed) {
	b->on = on;
	b->seed = *seed;
	flow_key_mask(&b->mask, fields);
}

int biflow_side(const struct flow_key *key) {
	int c = key->flags & KEY_V6 ? memcmp(key->src6, key->dst6, sizeof(key->src6))
				    : memcmp(key->src4, key->dst4, sizeof(key->src4));
	return c != 0 ? c : (int)key->src_port - (int)key->dst_port;
}

// Whether there may be two directions.
static bool turns(const struct flow_key *key) {
	return !(key->flags & KEY_REST) && biflow_side(key) != 0;
}

struct flow_sum *
biflow_turned(const struct biflow *b, const struct sums *in, const struct flow_sum *sum) {
	if (!turns(&sum->key))
		return NULL;
	struct flow_key key;
	flow_key_turn(&key, &sum->key);
	flow_key_finish(&key, &b->mask, &b->seed);
	return sums_find(in, &key, sum->rule);
}

const struct flow_sum *
biflow_add(const struct flow_sum *sum, const struct flow_sum *other, struct flow_sum *room) {
	if (!turns(&sum->key))
		return sum;
	*room = *sum;
	if (other != NULL)
		flow_sum_merge(room, other);
	if (other == NULL || !(sum->tcp_flags & other->tcp_flags & TCP_FIN))
		room->tcp_flags &= (uint8_t)~TCP_FIN;
	return room;
}

bool biflow_began(const struct flow_sum *sum, const struct flow_sum *other) {
	if (sum->opens != other->opens)
		return sum->opens;
	if (sum->first_us != other->first_us)
		return sum->first_us < other->first_us;
	return biflow_side(&sum->key) < 0;
}

void biflow_record(
	const struct flow_sum *sum, const struct flow_sum *other, struct flow_sum *record,
	struct flow_back *back
) {
	*back = (struct flow_back){0};
	if (other == NULL) {
		*record = *sum;
		return;
	}
	const struct flow_sum *from = biflow_began(sum, other) ? sum : other;
	const struct flow_sum *to = from == sum ? other : sum;
	*record = *from;
	flow_sum_widen(record, to->first_us, to->last_us);
	record->matches += to->matches;
	back->packets = to->packets;
	back->bytes = to->bytes;
	back->frame_bytes = to->frame_bytes;
	back->tcp_flags = to->tcp_flags;
}
