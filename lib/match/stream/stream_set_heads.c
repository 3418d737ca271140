// Sets of numbers are shared by a set's rules, so that equal conditions have equal pointers; one that
// holds everything is no condition and NULL here. Those that are too many are united set by set.

#include "stream_set_heads.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum set {
	SRC4,
	SRC6,
	DST4,
	DST6,
	SRC_PORTS,
	DST_PORTS,
	EITHER_PORTS,
	SETS,
};

struct stream_head {
	uint32_t conditions; // how many there are
	uint8_t families;
	uint8_t dirs; // bit N: enum detect_dir
	bool both_ways;
	uint8_t zero;
	const struct snort_ranges *sets[SETS]; // NULL: anything will do
};
// Compared as octets: there is no padding.
static_assert(sizeof(struct stream_head) == 8 + SETS * sizeof(void *));

void stream_ends_init(struct stream_ends *e, const struct flow_key *key, enum detect_dir dir) {
	*e = (struct stream_ends){
		.src_port = key->src_port,
		.dst_port = key->dst_port,
		.dir = (uint8_t)dir,
	};
	if (key->flags & KEY_V6) {
		e->family = SNORT_V6;
		e->src = snort_v6_number(key->src6);
		e->dst = snort_v6_number(key->dst6);
	} else if (key->flags & KEY_V4) {
		const uint8_t *s = key->src4, *d = key->dst4;
		e->family = SNORT_V4;
		e->src = (uint32_t)s[0] << 24 | (uint32_t)s[1] << 16 | (uint32_t)s[2] << 8 | s[3];
		e->dst = (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3];
	}
}

static void list_sets(const struct snort_rule *r, const struct snort_ranges *sets[SETS]) {
	sets[SRC4] = r->src.v4;
	sets[SRC6] = r->src.v6;
	sets[DST4] = r->dst.v4;
	sets[DST6] = r->dst.v6;
	sets[SRC_PORTS] = r->src_ports;
	sets[DST_PORTS] = r->dst_ports;
	sets[EITHER_PORTS] = r->either_ports;
}

static uint8_t dirs_of(const struct snort_rule *r) {
	uint8_t dirs = 1 << DETECT_DIR_UNKNOWN | 1 << DETECT_TO_SERVER | 1 << DETECT_TO_CLIENT;
	if (r->flow & SNORT_TO_SERVER)
		dirs &= (uint8_t) ~(1 << DETECT_TO_CLIENT);
	if (r->flow & SNORT_TO_CLIENT)
		dirs &= (uint8_t) ~(1 << DETECT_TO_SERVER);
	return dirs;
}

static void fill(struct stream_head *h, const struct snort_rule *r) {
	static const bool of_v6[SETS] = {[SRC6] = true, [DST6] = true};
	memset(h, 0, sizeof(*h));
	h->families = (uint8_t)r->families;
	h->dirs = dirs_of(r);
	list_sets(r, h->sets);
	for (unsigned i = 0; i < SETS; i++) {
		unsigned __int128 max = i >= SRC_PORTS ? SNORT_PORT_MAX
			: of_v6[i]                     ? SNORT_V6_MAX
						       : SNORT_V4_MAX;
		if (h->sets[i] != NULL && snort_ranges_is_all(h->sets[i], max))
			h->sets[i] = NULL;
		h->conditions += h->sets[i] != NULL;
	}
	// Swapping the ends of what asks nothing of them makes no difference.
	h->both_ways = r->both_ways && h->conditions > (h->sets[EITHER_PORTS] != NULL);
}

static int by_conditions(const void *a, const void *b) {
	const struct stream_head *x = a, *y = b;
	if (x->conditions != y->conditions)
		return x->conditions < y->conditions ? -1 : 1;
	return memcmp(x, y, sizeof(*x));
}

static int by_place(const void *a, const void *b) {
	return memcmp(a, b, sizeof(void *));
}

// *united stays NULL where one of them holds everything.
static int
unite_sets(const struct stream_head *list, uint32_t n, unsigned set, struct snort_ranges **united) {
	size_t ranges = 0, at = 0;
	struct snort_range *all = NULL;
	const struct snort_ranges **sets = calloc((size_t)n + 1, sizeof(*sets));
	int ret = sets != NULL ? 0 : -ENOMEM;
	for (uint32_t i = 0; ret == 0 && i < n; i++) {
		sets[i] = list[i].sets[set];
		if (sets[i] == NULL)
			goto out;
	}
	// Each once: many rules share large ones.
	if (ret == 0)
		qsort(sets, n, sizeof(*sets), by_place);
	for (uint32_t i = 0; ret == 0 && i < n; i++)
		ranges += i > 0 && sets[i] == sets[i - 1] ? 0 : sets[i]->n;
	if (ret == 0)
		all = calloc(ranges + 1, sizeof(*all));
	for (uint32_t i = 0; all != NULL && i < n; i++) {
		if (i > 0 && sets[i] == sets[i - 1])
			continue;
		memcpy(&all[at], sets[i]->at, sets[i]->n * sizeof(*all));
		at += sets[i]->n;
	}
	*united = all != NULL ? snort_ranges_new(all, (uint32_t)at) : NULL;
	ret = *united != NULL ? 0 : -ENOMEM;
out:
	free(all);
	free(sets);
	return ret;
}

// Makes one of all from `from` on: any direction that meets one of them meets it.
static int unite(struct stream_heads *h, uint32_t from) {
	struct stream_head *list = &h->list[from], one = {.conditions = 1};
	uint32_t n = h->n - from;
	h->united = calloc(SETS, sizeof(struct snort_ranges *));
	if (h->united == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		one.families |= list[i].families;
		one.dirs |= list[i].dirs;
		one.both_ways = one.both_ways || list[i].both_ways;
	}
	for (unsigned i = 0; i < SETS; i++) {
		if (unite_sets(list, n, i, &h->united[i]) < 0)
			return -ENOMEM;
		one.sets[i] = h->united[i];
	}
	list[0] = one;
	h->n = from + 1;
	return 0;
}

int stream_heads_init(struct stream_heads *h, const struct snort_rule *const *rules, uint32_t n) {
	uint32_t filled = 0;
	*h = (struct stream_heads){.list = calloc((size_t)n + 1, sizeof(*h->list))};
	if (h->list == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		if (rules[i] != NULL)
			fill(&h->list[filled++], rules[i]);
	}
	if (filled > 1)
		qsort(h->list, filled, sizeof(*h->list), by_conditions);
	for (uint32_t i = 0; i < filled; i++) {
		if (i == 0 || memcmp(&h->list[i], &h->list[h->n - 1], sizeof(*h->list)) != 0)
			h->list[h->n++] = h->list[i];
	}
	if (h->n > STREAM_HEADS_MAX && unite(h, STREAM_HEADS_MAX - 1) < 0)
		return -ENOMEM;
	void *smaller = realloc(h->list, ((size_t)h->n + 1) * sizeof(*h->list));
	h->list = smaller != NULL ? smaller : h->list;
	return 0;
}

void stream_heads_fini(struct stream_heads *h) {
	for (unsigned i = 0; h->united != NULL && i < SETS; i++)
		free(h->united[i]);
	free(h->united);
	free(h->list);
	*h = (struct stream_heads){};
}

static bool has(const struct snort_ranges *set, unsigned __int128 value) {
	return set == NULL || snort_ranges_has(set, value);
}

static bool ends_hold(const struct stream_head *h, const struct stream_ends *e, bool swapped) {
	bool v6 = e->family == SNORT_V6;
	return has(h->sets[DST_PORTS], swapped ? e->src_port : e->dst_port)
		&& has(h->sets[SRC_PORTS], swapped ? e->dst_port : e->src_port)
		&& has(h->sets[v6 ? SRC6 : SRC4], swapped ? e->dst : e->src)
		&& has(h->sets[v6 ? DST6 : DST4], swapped ? e->src : e->dst);
}

static bool head_holds(const struct stream_head *h, const struct stream_ends *e) {
	if (!(h->families & e->family) || !(h->dirs >> e->dir & 1))
		return false;
	return h->conditions == 0
		|| ((ends_hold(h, e, false) || (h->both_ways && ends_hold(h, e, true)))
		    && (has(h->sets[EITHER_PORTS], e->src_port)
			|| has(h->sets[EITHER_PORTS], e->dst_port)));
}

bool stream_heads_hold(const struct stream_heads *h, const struct stream_ends *e) {
	for (uint32_t i = 0; i < h->n; i++) {
		if (head_holds(&h->list[i], e))
			return true;
	}
	return false;
}

static bool sets_equal(const struct snort_ranges *a, const struct snort_ranges *b) {
	return a == b || (a != NULL && b != NULL && snort_ranges_equal(a, b));
}

bool stream_heads_equal(const struct snort_rule *a, const struct snort_rule *b) {
	const struct snort_ranges *x[SETS], *y[SETS];
	list_sets(a, x);
	list_sets(b, y);
	for (unsigned i = 0; i < SETS; i++) {
		if (!sets_equal(x[i], y[i]))
			return false;
	}
	return a->families == b->families && a->both_ways == b->both_ways
		&& dirs_of(a) == dirs_of(b);
}

void stream_heads_digest(const struct snort_rule *r, struct digest *d) {
	const struct snort_ranges *sets[SETS];
	list_sets(r, sets);
	for (unsigned i = 0; i < SETS; i++) {
		digest_number(d, sets[i] != NULL ? sets[i]->n + 1ull : 0);
		if (sets[i] != NULL)
			digest_add(d, sets[i]->at, sets[i]->n * sizeof(sets[i]->at[0]));
	}
	digest_number(d, r->families);
	digest_number(d, r->both_ways);
	digest_number(d, dirs_of(r));
}
