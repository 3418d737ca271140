// The algebra of ranges: bringing them in order, taking one set from another, looking a number up.

#include "snort_ranges.h"

#include <stdlib.h>
#include <string.h>

static int by_lo(const void *a, const void *b) {
	const struct snort_range *x = a, *y = b;
	return (x->lo > y->lo) - (x->lo < y->lo);
}

static struct snort_ranges *make_room(uint32_t n) {
	struct snort_ranges *r = malloc(sizeof(*r) + (size_t)n * sizeof(r->at[0]));
	if (r != NULL)
		r->n = 0;
	return r;
}

struct snort_ranges *snort_ranges_new(struct snort_range *ranges, uint32_t n) {
	struct snort_ranges *r = make_room(n);
	if (r == NULL)
		return NULL;
	if (n > 1)
		qsort(ranges, n, sizeof(*ranges), by_lo);
	for (uint32_t i = 0; i < n; i++) {
		struct snort_range *last = r->n > 0 ? &r->at[r->n - 1] : NULL;
		// Compared without adding to `hi`, which may be the greatest number there is.
		if (last != NULL && (ranges[i].lo <= last->hi || ranges[i].lo - last->hi == 1)) {
			if (ranges[i].hi > last->hi)
				last->hi = ranges[i].hi;
		} else {
			r->at[r->n++] = ranges[i];
		}
	}
	return r;
}

struct snort_ranges *
snort_ranges_minus(const struct snort_ranges *a, const struct snort_ranges *b) {
	// Each range of `b` can cut one of `a` in two.
	struct snort_ranges *r = make_room(a->n + b->n);
	if (r == NULL)
		return NULL;
	uint32_t j = 0;
	for (uint32_t i = 0; i < a->n; i++) {
		struct snort_range left = a->at[i];
		bool rest = true;
		while (j < b->n && b->at[j].hi < left.lo)
			j++;
		for (uint32_t k = j; rest && k < b->n && b->at[k].lo <= left.hi; k++) {
			if (b->at[k].lo > left.lo)
				r->at[r->n++] = (struct snort_range){left.lo, b->at[k].lo - 1};
			rest = b->at[k].hi < left.hi;
			if (rest)
				left.lo = b->at[k].hi + 1;
			j = k;
		}
		if (rest)
			r->at[r->n++] = left;
	}
	return r;
}

bool snort_ranges_equal(const struct snort_ranges *a, const struct snort_ranges *b) {
	return a->n == b->n && memcmp(a->at, b->at, a->n * sizeof(a->at[0])) == 0;
}

bool snort_ranges_has(const struct snort_ranges *r, unsigned __int128 value) {
	uint32_t lo = 0, hi = r->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (r->at[mid].hi < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->n && r->at[lo].lo <= value;
}

bool snort_ranges_is_all(const struct snort_ranges *r, unsigned __int128 max) {
	return r->n == 1 && r->at[0].lo == 0 && r->at[0].hi == max;
}
