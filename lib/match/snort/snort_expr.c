// Reads lists of addresses or ports. Time and memory are bounded whatever the text: nesting by a
// depth, and what all of a file's lists and variables come to by the scope's budget of work.

#include "snort_expr.h"

#include "base/hash.h"
#include "snort_atom.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Of brackets and variables within each other.
#define DEPTH_MAX 32
#define CACHE_SLOTS 256
#define CACHED_TEXT 112

struct snort_cached {
	uint64_t epoch; // the scope's when it was made; 0: free
	enum snort_kind kind;
	uint32_t len;
	char text[CACHED_TEXT];
	const struct snort_pool *pool;
	const struct snort_ranges *sets[2];
};

struct reader {
	struct snort_scope *scope;
	enum snort_kind kind;
	struct snort_fault *fault;
	unsigned depth;
};

static const unsigned __int128 max_of[SNORT_KINDS][2] = {
	[SNORT_KIND_ADDRESS] = {SNORT_V4_MAX, SNORT_V6_MAX},
	[SNORT_KIND_PORT] = {SNORT_PORT_MAX, 0},
};

static const char *const word_for[SNORT_KINDS] = {
	[SNORT_KIND_ADDRESS] = "address",
	[SNORT_KIND_PORT] = "port",
};

static int read_item(struct reader *r, struct snort_text t, bool negated, struct snort_sum *sum);

static int refuse(struct reader *r, struct snort_text t, const char *what) {
	char buf[SNORT_SHOWN];
	return snort_refuse(r->fault, word_for[r->kind], "'%s': %s", snort_text_show(t, buf), what);
}

static int spend(struct reader *r, uint64_t work) {
	r->scope->work += work;
	if (r->scope->work > SNORT_WORK_MAX)
		return snort_refuse(
			r->fault, SNORT_LIMIT,
			"the file's address and port lists come to too much (accepted: about %llu"
			" ranges, those of variables each time they are named)",
			SNORT_WORK_MAX
		);
	return 0;
}

static int read_items(struct reader *r, struct snort_text t, struct snort_sum *sum) {
	for (;;) {
		struct snort_text item = {t.at, snort_text_outside(t, ",")};
		int ret = read_item(r, snort_text_trim(item), false, sum);
		if (ret < 0 || item.end == t.end)
			return ret;
		t.at = item.end + 1;
	}
}

static int
read_brackets(struct reader *r, struct snort_text t, bool negated, struct snort_sum *sum) {
	struct snort_text inner = {t.at + 1, t.end - 1};
	struct snort_sum sub = {};
	if (t.end - t.at < 2 || t.end[-1] != ']')
		return refuse(r, t, "the bracket is not closed");
	if (!negated)
		return read_items(r, inner, sum);
	int ret = read_items(r, inner, &sub);
	if (ret == 0)
		ret = spend(r, snort_sum_size(&sub));
	if (ret == 0)
		ret = snort_sum_add(sum, &sub, true);
	snort_sum_fini(&sub);
	return ret;
}

static int make_meaning(
	struct reader *r, struct snort_variable *v, struct snort_text name, struct snort_meaning *m
) {
	char buf[SNORT_SHOWN];
	const char *value = snort_variable_value(v);
	if (m->busy)
		return snort_refuse(
			r->fault, "variable", "variable $%s refers to itself",
			snort_text_show(name, buf)
		);
	snort_sum_fini(&m->sum);
	m->epoch = 0;
	m->busy = true;
	struct snort_text text = {value, value + strlen(value)};
	int ret = read_item(r, snort_text_trim(text), false, &m->sum);
	m->busy = false;
	if (ret == 0)
		m->epoch = r->scope->epoch;
	if (ret == -EINVAL && strncmp(r->fault->reason.text, "variable ", 9) != 0)
		err_wrap(&r->fault->reason, 0, "variable $%s", snort_text_show(name, buf));
	return ret;
}

static int
read_variable(struct reader *r, struct snort_text t, bool negated, struct snort_sum *sum) {
	char buf[SNORT_SHOWN];
	struct snort_text name = {t.at + 1, t.end};
	struct snort_variable *v = name.at < name.end ? snort_scope_find(r->scope, name) : NULL;
	if (v == NULL)
		return snort_refuse(
			r->fault, "undefined variable", "variable $%s is not defined",
			snort_text_show(name, buf)
		);
	struct snort_meaning *m = &v->meaning[r->kind];
	int ret = m->epoch == r->scope->epoch ? 0 : make_meaning(r, v, name, m);
	if (ret == 0)
		ret = spend(r, snort_sum_size(&m->sum));
	return ret < 0 ? ret : snort_sum_add(sum, &m->sum, negated);
}

static int read_item(struct reader *r, struct snort_text t, bool negated, struct snort_sum *sum) {
	int ret = spend(r, 1 + snort_text_len(t) / 16);
	if (ret < 0)
		return ret;
	if (r->depth == DEPTH_MAX)
		return refuse(r, t, "lists and variables are nested too deeply (accepted: 32)");
	for (; t.at < t.end && *t.at == '!'; negated = !negated) {
		t.at++;
		t = snort_text_trim(t);
	}
	if (t.at == t.end)
		return refuse(r, t, "there is nothing where an item should be");
	r->depth++;
	if (*t.at == '[')
		ret = read_brackets(r, t, negated, sum);
	else if (*t.at == '$')
		ret = read_variable(r, t, negated, sum);
	else if (r->kind == SNORT_KIND_ADDRESS)
		ret = snort_atom_address(sum, t, negated, r->fault);
	else
		ret = snort_atom_port(sum, t, negated, r->fault);
	r->depth--;
	return ret;
}

// Moves a finished sum to the pool.
static int
settle(struct reader *r, struct snort_pool *pool, const struct snort_sum *sum,
       const struct snort_ranges *sets[2]) {
	int ret = spend(r, snort_sum_size(sum));
	for (unsigned family = 0; ret == 0 && family < 2; family++) {
		struct snort_ranges *set = snort_sum_set(sum, family, max_of[r->kind]);
		ret = set == NULL ? -ENOMEM : snort_pool_take(pool, set, &sets[family]);
	}
	return ret;
}

static int evaluate(
	struct reader *r, struct snort_pool *pool, struct snort_text text,
	const struct snort_ranges *sets[2]
) {
	struct snort_sum sum = {};
	int ret = read_item(r, text, false, &sum);
	if (ret == 0)
		ret = settle(r, pool, &sum, sets);
	if (ret == 0 && sets[0]->n == 0 && (r->kind == SNORT_KIND_PORT || sets[1]->n == 0))
		ret = refuse(r, text, "nothing is left of it: it can match nowhere");
	if (ret == -E2BIG)
		ret = snort_refuse(
			r->fault, SNORT_LIMIT,
			"too many %s ranges (accepted: %u in a list, %u in all rules)",
			word_for[r->kind], SNORT_SUM_MAX, SNORT_POOL_RANGES_MAX
		);
	snort_sum_fini(&sum);
	return ret;
}

struct snort_cached *snort_expr_cache_new(void) {
	return calloc(CACHE_SLOTS, sizeof(struct snort_cached));
}

static struct snort_cached *
cache_slot(struct snort_scope *s, enum snort_kind kind, struct snort_text text) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, kind);
	return &s->cache[hash_bytes(&seed, text.at, snort_text_len(text)) % CACHE_SLOTS];
}

static int evaluate_cached(
	struct reader *r, struct snort_pool *pool, struct snort_text text,
	const struct snort_ranges *sets[2]
) {
	size_t len = snort_text_len(text);
	if (len == 0 || len > CACHED_TEXT)
		return evaluate(r, pool, text, sets);
	struct snort_cached *c = cache_slot(r->scope, r->kind, text);
	if (c->epoch == r->scope->epoch && c->pool == pool && c->kind == r->kind && c->len == len
	    && memcmp(c->text, text.at, len) == 0) {
		memcpy(sets, c->sets, sizeof(c->sets));
		return 0;
	}
	int ret = evaluate(r, pool, text, sets);
	if (ret < 0)
		return ret;
	*c = (struct snort_cached){
		.epoch = r->scope->epoch,
		.kind = r->kind,
		.len = (uint32_t)len,
		.pool = pool,
		.sets = {sets[0], sets[1]},
	};
	memcpy(c->text, text.at, len);
	return 0;
}

int snort_expr_addresses(
	struct snort_scope *s, struct snort_pool *pool, struct snort_text text,
	struct snort_addresses *addresses, struct snort_fault *fault
) {
	struct reader r = {.scope = s, .kind = SNORT_KIND_ADDRESS, .fault = fault};
	const struct snort_ranges *sets[2];
	int ret = evaluate_cached(&r, pool, text, sets);
	if (ret == 0)
		*addresses = (struct snort_addresses){.v4 = sets[0], .v6 = sets[1]};
	return ret;
}

int snort_expr_ports(
	struct snort_scope *s, struct snort_pool *pool, struct snort_text text,
	const struct snort_ranges **ports, struct snort_fault *fault
) {
	struct reader r = {.scope = s, .kind = SNORT_KIND_PORT, .fault = fault};
	const struct snort_ranges *sets[2];
	int ret = evaluate_cached(&r, pool, text, sets);
	if (ret == 0)
		*ports = sets[0];
	return ret;
}
