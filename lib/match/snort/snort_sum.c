// Adding up what counts and what does not. Of a negated list that has both, what remains of it is
// negated as one: `![10.0.0.0/8,!10.1.0.0/16]` is everything but 10.0.0.0/8 without 10.1.0.0/16.

#include "snort_sum.h"

#include <errno.h>
#include <stdlib.h>

int snort_heap_add(struct snort_heap *h, struct snort_range range) {
	if (h->n == h->room) {
		uint32_t room = h->room == 0 ? 4 : h->room * 2;
		if (room > SNORT_SUM_MAX)
			return -E2BIG;
		struct snort_range *bigger = reallocarray(h->at, room, sizeof(*bigger));
		if (bigger == NULL)
			return -ENOMEM;
		h->at = bigger;
		h->room = room;
	}
	h->at[h->n++] = range;
	return 0;
}

static int add_all(struct snort_heap *h, const struct snort_range *ranges, uint32_t n) {
	for (uint32_t i = 0; i < n; i++) {
		int ret = snort_heap_add(h, ranges[i]);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int add_heap(struct snort_heap *h, const struct snort_heap *other) {
	return add_all(h, other->at, other->n);
}

static bool names_any(const struct snort_sum *s) {
	return s->named[0].n + s->named[1].n > 0;
}

// What of one family is named and not negated.
static struct snort_ranges *remainder_of(const struct snort_sum *s, unsigned family) {
	struct snort_ranges *named = snort_ranges_new(s->named[family].at, s->named[family].n);
	struct snort_ranges *negated = snort_ranges_new(
		s->negated[family].at, s->negated[family].n
	);
	struct snort_ranges *left = NULL;
	if (named != NULL && negated != NULL)
		left = snort_ranges_minus(named, negated);
	free(named);
	free(negated);
	return left;
}

static int add_negation(struct snort_sum *sum, const struct snort_sum *other, unsigned family) {
	if (!names_any(other))
		return add_heap(&sum->named[family], &other->negated[family]);
	struct snort_ranges *left = remainder_of(other, family);
	if (left == NULL)
		return -ENOMEM;
	int ret = add_all(&sum->negated[family], left->at, left->n);
	free(left);
	return ret;
}

int snort_sum_add(struct snort_sum *sum, const struct snort_sum *other, bool not ) {
	int ret = 0;
	for (unsigned family = 0; ret == 0 && family < 2; family++) {
		if (not ) {
			ret = add_negation(sum, other, family);
		} else {
			ret = add_heap(&sum->named[family], &other->named[family]);
			if (ret == 0)
				ret = add_heap(&sum->negated[family], &other->negated[family]);
		}
	}
	return ret;
}

struct snort_ranges *
snort_sum_set(const struct snort_sum *sum, unsigned family, const unsigned __int128 max[2]) {
	if (names_any(sum))
		return remainder_of(sum, family);
	struct snort_range all = {0, max[family]};
	struct snort_sum whole = *sum;
	whole.named[family] = (struct snort_heap){.at = &all, .n = 1};
	return remainder_of(&whole, family);
}

uint64_t snort_sum_size(const struct snort_sum *sum) {
	return (uint64_t)sum->named[0].n + sum->named[1].n + sum->negated[0].n + sum->negated[1].n;
}

void snort_sum_fini(struct snort_sum *sum) {
	for (unsigned family = 0; family < 2; family++) {
		free(sum->named[family].at);
		free(sum->negated[family].at);
	}
	*sum = (struct snort_sum){};
}
