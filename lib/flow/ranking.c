// A binary heap with the least on top, which at the end is taken from, so that the array is sorted.

#include "ranking.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static_assert(sizeof(struct rank) == RANK_OCTETS);

int ranking_init(struct ranking *r, const struct ranking_config *conf) {
	*r = (struct ranking){.conf = *conf};
	r->rank = malloc(conf->top * sizeof(*r->rank));
	return r->rank == NULL ? -ENOMEM : 0;
}

void ranking_fini(struct ranking *r) {
	free(r->rank);
	*r = (struct ranking){0};
}

void ranking_begin(struct ranking *r, const struct sums *from) {
	r->from = from;
	r->n = 0;
}

static uint64_t value_of(const struct ranking *r, uint32_t i) {
	const struct flow_sum *sum = &r->from->sum[i];
	switch (r->conf.by) {
	case RANKING_PACKETS:
		return sum->packets;
	case RANKING_MATCHES:
		return sum->matches;
	case RANKING_BYTES:
		break;
	}
	return sum->bytes;
}

// Rules by their sid, as records name them first.
static int compare_rules(struct rule_id a, struct rule_id b) {
	if (a.sid != b.sid)
		return a.sid < b.sid ? -1 : 1;
	return (a.gid > b.gid) - (a.gid < b.gid);
}

static int
compare_keys(const struct ranking *r, const struct flow_sum *a, const struct flow_sum *b) {
	int c = 0;
	for (uint32_t i = 0; i < r->conf.n_order && c == 0; i++) {
		enum field f = r->conf.order[i];
		c = f == FIELD_RULE ? compare_rules(a->rule, b->rule)
				    : flow_key_compare_field(&a->key, &b->key, f);
	}
	return c;
}

// Whether `a` comes behind `b`.
static bool behind(const struct ranking *r, struct rank a, struct rank b) {
	if (a.value != b.value)
		return a.value < b.value;
	return compare_keys(r, &r->from->sum[a.sum], &r->from->sum[b.sum]) > 0;
}

static void sift_up(struct ranking *r, struct rank rank) {
	uint32_t at = r->n++;
	for (; at > 0 && behind(r, rank, r->rank[(at - 1) / 2]); at = (at - 1) / 2)
		r->rank[at] = r->rank[(at - 1) / 2];
	r->rank[at] = rank;
}

// Puts one in place of the top of the first `n`.
static void sift_down(struct ranking *r, uint32_t n, struct rank rank) {
	uint32_t at = 0;
	for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && behind(r, r->rank[child + 1], r->rank[child]))
			child++;
		if (!behind(r, r->rank[child], rank))
			break;
		r->rank[at] = r->rank[child];
	}
	r->rank[at] = rank;
}

bool ranking_offer(struct ranking *r, uint32_t sum, uint32_t other, struct rank *left) {
	struct rank rank = {.value = value_of(r, sum), .sum = sum, .other = other};
	if (other != RANK_NONE)
		rank.value += value_of(r, other);
	if (r->n < r->conf.top) {
		sift_up(r, rank);
		return false;
	}
	*left = rank;
	if (behind(r, r->rank[0], rank)) {
		*left = r->rank[0];
		sift_down(r, r->n, rank);
	}
	return true;
}

void ranking_sort(struct ranking *r) {
	for (uint32_t n = r->n; n > 1; n--) {
		struct rank least = r->rank[0];
		sift_down(r, n - 1, r->rank[n - 1]);
		r->rank[n - 1] = least;
	}
}
