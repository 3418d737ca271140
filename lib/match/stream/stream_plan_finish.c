// Writes a chain as expressions. What must hold of the octets behind it is settled either by octets
// that are there or by the stream's end: those are different expressions of one term.

#include "stream_plan_build.h"
#include "stream_plan_chain.h"
#include "stream_plan_regex.h"
#include "stream_plan_text.h"

#include <errno.h>
#include <stdlib.h>

// Repeats up to this share an expression with others; Hyperscan writes them out.
#define SMALL_REPEAT 64u

struct finishing {
	struct plan_chain *chain;
	struct plan_text joined; // alternatives that stay small
	uint32_t n; // all, so far
	int ret;
};

// The way back from a branch's last link, so that it can be written from the first on.
struct path {
	const struct plan_link **links;
	uint32_t n;
};

static bool path_open(struct path *path, const struct plan_branch *b) {
	path->n = 0;
	for (const struct plan_link *l = b->last; l != NULL; l = l->previous)
		path->n++;
	path->links = calloc((size_t)path->n + 1, sizeof(struct plan_link *));
	uint32_t at = path->n;
	for (const struct plan_link *l = b->last; path->links != NULL && l != NULL; l = l->previous)
		path->links[--at] = l;
	return path->links != NULL;
}

static void add_link(struct plan_text *t, const struct plan_link *l) {
	switch (l->kind) {
	case PLAN_LINK_SET:
		plan_text_add_set(t, l->set, l->lo, l->hi);
		break;
	case PLAN_LINK_REGEX:
		plan_text_add_regex(t, l->regex);
		break;
	case PLAN_LINK_START:
		plan_text_add(t, "^");
		break;
	case PLAN_LINK_LINES:
		plan_text_add(t, "(?:.*\\x0a)?");
		break;
	}
}

static bool is_too_far(uint32_t lo, uint32_t hi) {
	return lo > REGEX_REPEAT_MAX || (hi != PLAN_OPEN && hi > REGEX_REPEAT_MAX);
}

static int check_distances(struct plan_chain *c, const struct plan_branch *b) {
	uint32_t extent = plan_ahead_extent(&b->ahead);
	bool far = is_too_far(extent, extent) || is_too_far(b->ahead.need, b->ahead.most);
	for (const struct plan_link *l = b->last; l != NULL; l = l->previous)
		far = far || (l->kind == PLAN_LINK_SET && is_too_far(l->lo, l->hi));
	return far ? snort_refuse(
		       c->fault, PLAN_TOO_FAR,
		       "distance, within or isdataat of more than %u octets, over a stream",
		       REGEX_REPEAT_MAX
	       )
		   : 0;
}

static int check_text(struct plan_chain *c, const struct plan_text *t) {
	if (t->no_memory)
		return -ENOMEM;
	return t->too_long ? snort_refuse(
		       c->fault, "stream: expression too long",
		       "written as one expression it is over %u characters", PLAN_TEXT_MAX
	       )
			   : 0;
}

// Takes one expression's text, by itself or with the others that are small.
static void put(struct finishing *f, struct plan_text *t, bool small) {
	f->n++;
	if (f->ret == 0)
		f->ret = check_text(f->chain, t);
	if (f->ret == 0 && small) {
		if (f->joined.len > 0)
			plan_text_add(&f->joined, "|");
		plan_text_add(&f->joined, t->at);
		f->ret = check_text(f->chain, &f->joined);
	} else if (f->ret == 0) {
		f->ret = stream_plan_add_piece(f->chain->plan, t->at, f->chain->fault);
	}
	plan_text_fini(t);
}

// The branch and the first `runs` runs behind it. False: an octet is asked for that none can be.
static bool write_runs(
	struct plan_text *t, const struct path *path, const struct plan_ahead *a, uint32_t runs
) {
	for (uint32_t i = 0; i < path->n; i++)
		add_link(t, path->links[i]);
	for (uint32_t i = 0; i < runs; i++) {
		if (octet_set_is_empty(a->runs[i].set))
			return false;
		plan_text_add_set(t, a->runs[i].set, a->runs[i].n, a->runs[i].n);
	}
	return true;
}

// All that is asked holds by octets that are there, whatever follows.
static void put_open(struct finishing *f, const struct path *path, const struct plan_ahead *a) {
	struct plan_text t = {};
	uint32_t extent = plan_ahead_extent(a);
	uint32_t more = a->need > extent ? a->need - extent : 0;
	if (write_runs(&t, path, a, a->n_runs)) {
		plan_text_add_set(&t, OCTET_SET_ANY, more, more);
		put(f, &t, true);
	}
	plan_text_fini(&t);
}

// The stream ends lo to hi octets of `set` behind the first `runs` runs.
static void
put_end(struct finishing *f, const struct path *path, const struct plan_ahead *a, uint32_t runs,
	struct octet_set set, uint32_t lo, uint32_t hi) {
	struct plan_text t = {};
	if (octet_set_is_empty(set))
		hi = 0;
	if (lo <= hi && write_runs(&t, path, a, runs)) {
		plan_text_add_set(&t, set, lo, hi);
		plan_text_add(&t, "\\z");
		put(f, &t, hi <= SMALL_REPEAT || hi == PLAN_OPEN);
	}
	plan_text_fini(&t);
}

// The stream may end within each run, and behind them if that is asked for.
static void put_ends(struct finishing *f, const struct path *path, const struct plan_ahead *a) {
	uint32_t past = 0;
	for (uint32_t i = 0; i < a->n_runs; past += a->runs[i++].n) {
		uint32_t lo = a->need > past ? a->need - past : 0;
		uint32_t hi = a->runs[i].n - 1;
		if (a->most < past)
			return;
		if (hi > a->most - past)
			hi = a->most - past;
		put_end(f, path, a, i, a->runs[i].set, lo, hi);
	}
	if (a->most < past || (octet_set_is_any(a->rest) && a->most == PLAN_OPEN))
		return;
	put_end(f, path, a, a->n_runs, a->rest, a->need > past ? a->need - past : 0,
		a->most == PLAN_OPEN ? PLAN_OPEN : a->most - past);
}

static void put_branch(struct finishing *f, const struct plan_branch *b) {
	struct path path;
	f->ret = check_distances(f->chain, b);
	if (f->ret < 0)
		return;
	if (!path_open(&path, b)) {
		f->ret = -ENOMEM;
		return;
	}
	if (octet_set_is_any(b->ahead.rest) && b->ahead.most == PLAN_OPEN)
		put_open(f, &path, &b->ahead);
	put_ends(f, &path, &b->ahead);
	free(path.links);
}

int plan_chain_finish(struct plan_chain *c, bool negated) {
	struct finishing f = {.chain = c};
	f.ret = stream_plan_add_term(c->plan, negated, c->fault);
	plan_chain_push_need(c);
	for (uint32_t i = 0; f.ret == 0 && i < c->n; i++)
		put_branch(&f, &c->branches[i]);
	if (f.ret == 0 && f.n == 0)
		f.ret = snort_refuse(
			c->fault, PLAN_NEVER, "no stream can be as long and as short as is asked"
		);
	if (f.ret == 0 && f.joined.len > 0)
		f.ret = stream_plan_add_piece(c->plan, f.joined.at, c->fault);
	plan_text_fini(&f.joined);
	c->open = false;
	return f.ret;
}

int plan_chain_split(struct plan_chain *c) {
	struct plan_chain *copy = malloc(sizeof(*copy));
	if (copy == NULL)
		return -ENOMEM;
	*copy = *c;
	c->need = 0;
	int ret = plan_chain_finish(copy, false);
	free(copy);
	return ret;
}
