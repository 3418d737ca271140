// Works out facts from the parts upwards. All of them err to the safe side: an end is called
// certain only where the first octets of what may follow decide how often a part repeats.

#include "stream_plan_facts.h"

#include "stream_plan_text.h"

#include <string.h>

// More alternatives are told apart by their first octets only.
#define ALTERNATIVES_COMPARED 64u

static uint32_t add(uint32_t a, uint32_t b) {
	return b > UINT32_MAX - a ? UINT32_MAX : a + b;
}

static uint32_t multiply(uint32_t a, uint32_t b) {
	uint64_t product = (uint64_t)a * b;
	if (a == 0 || b == 0)
		return 0;
	return a == UINT32_MAX || b == UINT32_MAX || product > UINT32_MAX ? UINT32_MAX
									  : (uint32_t)product;
}

// What follows a child of a CAT.
struct suffix {
	uint32_t min;
	struct octet_set first;
	bool certain;
};

// Puts a child ahead of what is known of the rest.
static void prepend(struct suffix *s, const struct regex_node *c) {
	// X{n,m}Y: where Y cannot begin as X does, the octets tell how many X there are.
	bool told = c->kind == REGEX_REPEAT && c->first_child->certain && c->first_child->min > 0
		&& s->min > 0 && !octet_set_meet(c->first_child->first, s->first);
	s->certain = s->certain && (c->certain || told);
	s->first = c->min == 0 ? octet_set_or(c->first, s->first) : c->first;
	s->min = add(s->min, c->min);
}

// Adds what a child begins with to what its CAT does. False: no more can be known.
static bool lead_on(struct regex_node *n, const struct regex_node *c) {
	for (uint32_t i = 0; i < c->n_lead && n->n_lead < REGEX_LEAD; i++)
		n->lead[n->n_lead++] = c->lead[i];
	return c->min == c->max && c->n_lead == c->min;
}

static void settle_cat(struct regex_node *n) {
	struct suffix s = {.certain = true};
	n->min = n->max = n->parts = n->weight = n->anchors = 0;
	n->edge_first = false;
	for (const struct regex_node *c = n->last_child; c != NULL; c = c->previous) {
		prepend(&s, c);
		n->min = add(n->min, c->min);
		n->max = add(n->max, c->max);
		n->parts = add(n->parts, c->parts);
		n->weight = add(n->weight, c->weight);
		n->anchors += c->anchors;
		n->edge_first = c->edge_first || (c->min == 0 && n->edge_first);
	}
	n->first = s.first;
	n->certain = s.certain;
	n->n_lead = 0;
	for (const struct regex_node *c = n->first_child; c != NULL && lead_on(n, c); c = c->next)
		continue;
}

// Whether no match of one begins as a match of the other does.
static bool differ(const struct regex_node *a, const struct regex_node *b) {
	for (uint32_t i = 0; i < a->n_lead && i < b->n_lead; i++) {
		if (!octet_set_meet(a->lead[i], b->lead[i]))
			return true;
	}
	return false;
}

static bool differs_from_earlier(const struct regex_node *c) {
	uint32_t compared = 0;
	for (const struct regex_node *e = c->previous; e != NULL; e = e->previous) {
		if (compared++ == ALTERNATIVES_COMPARED || !differ(c, e))
			return false;
	}
	return true;
}

static void lead_either(struct regex_node *n, const struct regex_node *c) {
	if (c == n->first_child || c->n_lead < n->n_lead)
		n->n_lead = c->n_lead;
	for (uint32_t i = 0; i < n->n_lead; i++)
		n->lead[i] = c == n->first_child ? c->lead[i]
						 : octet_set_or(n->lead[i], c->lead[i]);
}

static void settle_alt(struct regex_node *n) {
	n->min = UINT32_MAX;
	n->max = n->parts = n->weight = n->anchors = 0;
	n->first = (struct octet_set){};
	n->edge_first = false;
	n->certain = true;
	for (const struct regex_node *c = n->first_child; c != NULL; c = c->next) {
		if (!c->certain || (octet_set_meet(n->first, c->first) && !differs_from_earlier(c))
		    || c->min == 0)
			n->certain = false;
		lead_either(n, c);
		n->min = c->min < n->min ? c->min : n->min;
		n->max = c->max > n->max ? c->max : n->max;
		n->parts = add(n->parts, c->parts);
		n->weight = add(n->weight, c->weight);
		n->first = octet_set_or(n->first, c->first);
		n->edge_first = n->edge_first || c->edge_first;
		n->anchors += c->anchors;
	}
}

static void settle_repeat(struct regex_node *n) {
	const struct regex_node *c = n->first_child;
	uint32_t times = n->hi == PLAN_OPEN ? n->lo + 1 : n->hi;
	n->min = multiply(c->min, n->lo);
	n->max = multiply(c->max, n->hi);
	// Hyperscan counts repeats of one octet; others, and those within others, it writes out.
	n->parts = multiply(c->parts, times);
	n->weight = c->kind == REGEX_SET ? 1 + times / 64 : n->parts;
	n->first = c->first;
	n->n_lead = 0;
	for (uint32_t i = 0; i < n->lo && lead_on(n, c) && n->n_lead < REGEX_LEAD; i++)
		continue;
	n->certain = n->lo == n->hi && c->certain;
	n->edge_first = c->edge_first;
	n->anchors = c->anchors;
}

void regex_settle(struct regex_node *n) {
	switch (n->kind) {
	case REGEX_EMPTY:
	case REGEX_ASSERT:
		n->min = n->max = n->parts = n->weight = n->n_lead = 0;
		n->first = (struct octet_set){};
		n->certain = true;
		n->anchors = n->kind == REGEX_ASSERT
			&& (n->assertion == REGEX_START || n->assertion == REGEX_LINE_START);
		n->edge_first = n->kind == REGEX_ASSERT
			&& (n->assertion == REGEX_EDGE || n->assertion == REGEX_NO_EDGE);
		break;
	case REGEX_SET:
		n->min = n->max = n->parts = n->weight = 1;
		n->first = n->lead[0] = n->set;
		n->n_lead = 1;
		n->certain = true;
		break;
	case REGEX_CAT:
		settle_cat(n);
		break;
	case REGEX_ALT:
		settle_alt(n);
		break;
	case REGEX_REPEAT:
		settle_repeat(n);
		break;
	}
	if (n->min == n->max && n->max != PLAN_OPEN)
		n->certain = true;
}

bool regex_is_anchored(const struct regex_node *n, bool *line) {
	bool first = false;
	switch (n->kind) {
	case REGEX_ASSERT:
		*line = n->assertion == REGEX_LINE_START;
		return *line || n->assertion == REGEX_START;
	case REGEX_CAT:
		return n->first_child != NULL && regex_is_anchored(n->first_child, line);
	case REGEX_ALT:
		for (const struct regex_node *c = n->first_child; c != NULL; c = c->next) {
			if (!regex_is_anchored(c, line) || (c != n->first_child && *line != first))
				return false;
			first = *line;
		}
		return true;
	default:
		return false;
	}
}

void regex_drop_anchors(struct regex_node *n) {
	if (n->kind == REGEX_ASSERT)
		n->kind = REGEX_EMPTY;
	else if (n->kind == REGEX_CAT)
		regex_drop_anchors(n->first_child);
	for (struct regex_node *c = n->first_child; n->kind == REGEX_ALT && c != NULL; c = c->next)
		regex_drop_anchors(c);
	regex_settle(n);
}

// An octet of `set`, any number of times.
static bool is_run_of(const struct regex_node *n, struct octet_set set) {
	const struct regex_node *one = n->kind == REGEX_REPEAT ? n->first_child : n;
	return one->kind == REGEX_SET && octet_set_within(one->set, set);
}

bool regex_ends_greedily(const struct regex_node *root, struct octet_set *set) {
	const struct regex_node *last = root->kind == REGEX_CAT ? root->last_child : root;
	struct suffix s = {.certain = true};
	bool in_run = true;
	if (last == NULL || last->kind != REGEX_REPEAT || !last->greedy || last->hi != PLAN_OPEN
	    || last->first_child->kind != REGEX_SET)
		return false;
	*set = last->first_child->set;
	// Wherever the parts ahead that are of the set end, the run behind them ends at one place.
	for (const struct regex_node *c = last; c != NULL; c = c->previous) {
		in_run = in_run && is_run_of(c, *set);
		prepend(&s, c);
		if (in_run)
			s.certain = true;
	}
	return s.certain;
}
