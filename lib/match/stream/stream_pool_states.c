// The table of states: open addressing, one probe after the other.

#include "stream_pool_states.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BITS 2u

static uint32_t slot_of(const struct stream_states *t, uint32_t index) {
	return index * 0x9e3779b1u >> (32 - t->bits);
}

static uint32_t last_slot(const struct stream_states *t) {
	return (1u << t->bits) - 1;
}

static uint64_t octets(uint32_t bits) {
	return sizeof(struct stream_states) + ((uint64_t)sizeof(struct stream_met) << bits);
}

struct stream_state *stream_states_find(struct stream_states *t, uint32_t index) {
	if (t == NULL)
		return NULL;
	for (uint32_t i = slot_of(t, index); t->slot[i].tag != 0; i = (i + 1) & last_slot(t)) {
		if (t->slot[i].tag == index + 1)
			return &t->slot[i].state;
	}
	return NULL;
}

uint64_t stream_states_octets(const struct stream_states *t) {
	return t != NULL ? octets(t->bits) : 0;
}

uint64_t stream_states_octets_grown(const struct stream_states *t) {
	return octets(t != NULL ? t->bits + 1 : FIRST_BITS);
}

struct stream_states *stream_states_grow(struct stream_states *t) {
	struct stream_states *grown = calloc(1, stream_states_octets_grown(t));
	if (grown == NULL)
		return NULL;
	grown->bits = t != NULL ? t->bits + 1 : FIRST_BITS;
	for (uint32_t i = 0; t != NULL && i <= last_slot(t); i++) {
		if (t->slot[i].tag != 0)
			*stream_states_add(grown, t->slot[i].tag - 1) = t->slot[i].state;
	}
	free(t);
	return grown;
}

struct stream_state *stream_states_add(struct stream_states *t, uint32_t index) {
	uint32_t i = slot_of(t, index);
	while (t->slot[i].tag != 0)
		i = (i + 1) & last_slot(t);
	t->n++;
	t->slot[i].tag = index + 1;
	return &t->slot[i].state;
}

void stream_states_clear(struct stream_states *t) {
	if (t == NULL || t->n == 0)
		return;
	memset(t->slot, 0, sizeof(t->slot[0]) << t->bits);
	t->n = 0;
}

bool stream_states_copy(struct stream_states **to, const struct stream_states *from) {
	if (from == NULL || from->n == 0)
		return true;
	while (*to == NULL || (*to)->bits < from->bits) {
		struct stream_states *grown = stream_states_grow(*to);
		if (grown == NULL)
			return false;
		*to = grown;
	}
	for (uint32_t i = 0; i <= last_slot(from); i++) {
		if (from->slot[i].tag != 0)
			*stream_states_add(*to, from->slot[i].tag - 1) = from->slot[i].state;
	}
	return true;
}
