// Each rule has a random number of 128 bits; going up through the ports, the numbers of all rules that
// name a port are kept combined, by adding one where a range begins and taking it off behind its end.
// That costs a step a range and a step a port, however many rules overlap.

#include "detect_ports.h"

#include <errno.h>
#include <stdlib.h>

struct step {
	uint64_t a, b; // combined numbers of the rules that begin or end here
	int32_t rules; // how many more begin than end
	int64_t cost;
};

// Ports in a row that the same rules name.
struct run {
	uint64_t a, b;
	uint32_t lo, n;
	uint32_t rules;
	uint64_t cost;
};

static int by_number(const void *x, const void *y) {
	const struct run *r = x, *s = y;
	if (r->a != s->a)
		return r->a < s->a ? -1 : 1;
	if (r->b != s->b)
		return r->b < s->b ? -1 : 1;
	return (r->lo > s->lo) - (r->lo < s->lo);
}

static struct step *make_steps(
	const struct hash_seed *seed, const struct detect_named *named, uint32_t n,
	uint32_t max_port
) {
	struct step *steps = calloc(DETECT_PORTS + 1, sizeof(*steps));
	for (uint32_t i = 0; steps != NULL && i < n; i++) {
		uint64_t a = hash_4(seed, named[i].rule, 1, 0, 0);
		uint64_t b = hash_4(seed, named[i].rule, 2, a, 0);
		for (uint32_t k = 0; k < named[i].ports->n; k++) {
			struct snort_range r = named[i].ports->at[k];
			if (r.lo > max_port)
				break;
			struct step *lo = &steps[r.lo];
			struct step *hi = &steps[(r.hi < max_port ? r.hi : max_port) + 1];
			int64_t cost = named[i].cost;
			*lo = (struct step){lo->a ^ a, lo->b ^ b, lo->rules + 1, lo->cost + cost};
			*hi = (struct step){hi->a ^ a, hi->b ^ b, hi->rules - 1, hi->cost - cost};
		}
	}
	return steps;
}

static uint32_t make_runs(const struct step *steps, uint32_t max_port, struct run *runs) {
	struct run now = {};
	uint32_t n = 0;
	for (uint32_t port = 0; port <= max_port; port++) {
		const struct step *s = &steps[port];
		if (port == 0 || s->a != 0 || s->b != 0 || s->rules != 0) {
			now.a ^= s->a;
			now.b ^= s->b;
			now.rules += (uint32_t)s->rules;
			now.cost += (uint64_t)s->cost;
			now.lo = port;
			runs[n++] = now;
		}
		runs[n - 1].n++;
	}
	return n;
}

static int by_first(const void *x, const void *y) {
	const struct detect_class *c = x, *d = y;
	return (c->port > d->port) - (c->port < d->port);
}

// Classes from sorted runs; the list is then brought in order of ports.
static void make_classes(struct detect_classes *c, const struct run *runs, uint32_t n) {
	for (uint32_t i = 0; i < n; i++) {
		const struct run *r = &runs[i];
		if (i == 0 || r->a != r[-1].a || r->b != r[-1].b)
			c->list[c->n++] = (struct detect_class
			){.port = r->lo, .n_rules = r->rules, .cost = r->cost};
		c->list[c->n - 1].n_ports += r->n;
		for (uint32_t p = 0; p < r->n; p++)
			c->of[r->lo + p] = (uint16_t)(c->n - 1);
	}
}

static void put_in_order(struct detect_classes *c, uint16_t *renumber) {
	qsort(c->list, c->n, sizeof(*c->list), by_first);
	for (uint32_t i = 0; i < c->n; i++)
		renumber[c->of[c->list[i].port]] = (uint16_t)i;
	for (uint32_t p = 0; p < DETECT_PORTS; p++)
		c->of[p] = renumber[c->of[p]];
}

int detect_classes_init(
	struct detect_classes *c, const struct hash_seed *seed, const struct detect_named *named,
	uint32_t n, uint32_t max_port
) {
	int ret = -ENOMEM;
	*c = (struct detect_classes){.of = calloc(DETECT_PORTS, sizeof(*c->of))};
	struct step *steps = make_steps(seed, named, n, max_port);
	struct run *runs = calloc(DETECT_PORTS, sizeof(*runs));
	uint16_t *renumber = calloc(DETECT_PORTS, sizeof(*renumber));
	if (c->of != NULL && steps != NULL && runs != NULL && renumber != NULL) {
		uint32_t n_runs = make_runs(steps, max_port, runs);
		qsort(runs, n_runs, sizeof(*runs), by_number);
		c->list = calloc(n_runs, sizeof(*c->list));
		if (c->list != NULL) {
			make_classes(c, runs, n_runs);
			put_in_order(c, renumber);
			ret = 0;
		}
	}
	free(renumber);
	free(runs);
	free(steps);
	return ret;
}

void detect_classes_fini(struct detect_classes *c) {
	free(c->of);
	free(c->list);
	*c = (struct detect_classes){};
}

int detect_classes_merge(struct detect_classes *c, const bool *keep, uint32_t *merged) {
	uint32_t n_kept = 0, n_rest = 0;
	*merged = DETECT_NO_CLASS;
	for (uint32_t i = 0; i < c->n; i++)
		n_rest += !keep[i];
	if (n_rest < 2)
		return 0;
	uint32_t rest = c->n - n_rest;
	uint16_t *renumber = malloc(c->n * sizeof(*renumber));
	struct detect_class all = {.port = DETECT_PORTS};
	if (renumber == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->n; i++) {
		const struct detect_class *one = &c->list[i];
		renumber[i] = (uint16_t)(keep[i] ? n_kept : rest);
		if (keep[i]) {
			c->list[n_kept++] = *one;
			continue;
		}
		all.n_ports += one->n_ports;
		all.n_rules += one->n_rules;
		all.cost += one->cost;
		if (one->port < all.port)
			all.port = one->port;
	}
	c->list[rest] = all;
	c->n = rest + 1;
	for (uint32_t p = 0; p < DETECT_PORTS; p++)
		c->of[p] = renumber[c->of[p]];
	free(renumber);
	*merged = rest;
	return 0;
}
