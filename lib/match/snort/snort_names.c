// A hash table of names with open addressing. Its seed is drawn for every table: a rule file's names
// are chosen by others.

#include "snort_names.h"

#include "snort_text.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

static bool is(const char *name, struct snort_text t) {
	size_t len = snort_text_len(t);
	return strncmp(name, t.at, len) == 0 && name[len] == '\0';
}

// The slot that holds the name, or the free one where it belongs.
static uint32_t *slot_of(const struct snort_names *n, struct snort_text name) {
	uint64_t at = hash_bytes(&n->seed, name.at, snort_text_len(name));
	for (;; at++) {
		uint32_t *slot = &n->slots[at & (n->n_slots - 1)];
		if (*slot == 0 || is(n->names[*slot - 1], name))
			return slot;
	}
}

uint32_t snort_names_find(const struct snort_names *n, struct snort_text name) {
	return n->n == 0 ? SNORT_NAME_NONE : *slot_of(n, name) - 1;
}

static bool grow(struct snort_names *n) {
	uint32_t n_slots = n->n_slots == 0 ? FIRST_SLOTS : n->n_slots * 2;
	uint32_t *slots = calloc(n_slots, sizeof(*slots));
	char **names = reallocarray(n->names, n_slots / 2, sizeof(*names));
	if (names != NULL)
		n->names = names;
	if (slots == NULL || names == NULL) {
		free(slots);
		return false;
	}
	if (n->n_slots == 0)
		hash_seed_init(&n->seed);
	free(n->slots);
	n->slots = slots;
	n->n_slots = n_slots;
	for (uint32_t i = 0; i < n->n; i++) {
		const char *name = n->names[i];
		*slot_of(n, (struct snort_text){name, name + strlen(name)}) = i + 1;
	}
	return true;
}

uint32_t snort_names_add(struct snort_names *n, struct snort_text name) {
	uint32_t known = snort_names_find(n, name);
	if (known != SNORT_NAME_NONE)
		return known;
	if (n->n == n->n_slots / 2 && !grow(n))
		return SNORT_NAME_NONE;
	char *copy = strndup(name.at, snort_text_len(name));
	if (copy == NULL)
		return SNORT_NAME_NONE;
	n->names[n->n] = copy;
	*slot_of(n, name) = n->n + 1;
	return n->n++;
}

void snort_names_fini(struct snort_names *n) {
	for (uint32_t i = 0; i < n->n; i++)
		free(n->names[i]);
	free(n->names);
	free(n->slots);
	*n = (struct snort_names){};
}
