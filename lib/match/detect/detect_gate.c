// Writes literals out as expressions, has dear expressions tried, and keeps each once.

#include "detect_gate.h"

#include "base/hash.h"
#include "match/rules/ruleset_priv.h"
#include "match/verify/verify_gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// What a group costs that has one more of it, compared to a literal.
#define COST_PCRE 50u
#define COST_DEAR 2000u

void detect_gates_fini(struct detect_gates *g) {
	for (uint32_t i = 0; i < g->n; i++)
		free(g->patterns[i].regex);
	free(g->patterns);
	free(g->costs);
	free(g->slots);
	*g = (struct detect_gates){};
}

static char *spell(const uint8_t *octets, uint32_t len) {
	static const char digits[] = "0123456789abcdef";
	char *text = malloc((size_t)len * 4 + 1), *p = text;
	for (uint32_t i = 0; text != NULL && i < len; i++) {
		*p++ = '\\';
		*p++ = 'x';
		*p++ = digits[octets[i] >> 4];
		*p++ = digits[octets[i] & 15];
	}
	if (text != NULL)
		*p = '\0';
	return text;
}

// Takes the gate's expression.
static int make_pattern(struct verify_gate *gate, struct pattern *p) {
	if (gate->kind == VERIFY_GATE_PCRE) {
		*p = (struct pattern){
			.regex = gate->regex,
			.flags = gate->flags | PATTERN_PREFILTER | PATTERN_ALLOWEMPTY,
		};
		gate->regex = NULL;
		return 0;
	}
	*p = (struct pattern){
		.regex = spell(gate->octets, gate->len),
		.flags = PATTERN_DOTALL | (gate->nocase ? PATTERN_CASELESS : 0),
	};
	// Both speak of where the literal ends.
	if (gate->start_min > 0) {
		p->ext |= PATTERN_MIN_OFFSET;
		p->min_offset = (uint64_t)gate->start_min + gate->len;
	}
	if (gate->end_max != UINT32_MAX) {
		p->ext |= PATTERN_MAX_OFFSET;
		p->max_offset = gate->end_max;
	}
	return p->regex != NULL ? 0 : -ENOMEM;
}

static bool is_same(const struct pattern *a, const struct pattern *b) {
	return a->flags == b->flags && a->ext == b->ext && a->min_offset == b->min_offset
		&& a->max_offset == b->max_offset && strcmp(a->regex, b->regex) == 0;
}

static uint32_t *find(const struct detect_gates *g, const struct pattern *p) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	uint64_t h = hash_bytes(&seed, p->regex, strlen(p->regex));
	h = hash_4(&seed, h, p->flags, p->min_offset, p->max_offset);
	uint32_t at = (uint32_t)h & (g->n_slots - 1);
	while (g->slots[at] != 0 && !is_same(&g->patterns[g->slots[at] - 1], p))
		at = (at + 1) & (g->n_slots - 1);
	return &g->slots[at];
}

static int make_room(struct detect_gates *g) {
	void *patterns = ruleset_grow(g->patterns, g->n, sizeof(*g->patterns));
	g->patterns = patterns != NULL ? patterns : g->patterns;
	void *costs = ruleset_grow(g->costs, g->n, sizeof(*g->costs));
	g->costs = costs != NULL ? costs : g->costs;
	if (patterns == NULL || costs == NULL)
		return -ENOMEM;
	if (g->n * 2 < g->n_slots)
		return 0;
	uint32_t n_slots = g->n_slots == 0 ? 64 : g->n_slots * 2;
	uint32_t *slots = calloc(n_slots, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	free(g->slots);
	g->slots = slots;
	g->n_slots = n_slots;
	for (uint32_t i = 0; i < g->n; i++)
		*find(g, &g->patterns[i]) = i + 1;
	return 0;
}

// What it costs; 0: Hyperscan does not take it, or -errno.
static int64_t judge(struct detect_gates *g, const struct pattern *p, struct err *err) {
	if (!(p->flags & PATTERN_PREFILTER))
		return 1;
	if (!detect_probe_is_wanted(p->regex))
		return COST_PCRE;
	int ret = detect_probe_run(&g->probe, p->regex, p->flags | PATTERN_SINGLEMATCH, err);
	if (ret == -E2BIG)
		err_wrap(err, ret, "pcre");
	if (ret < 0)
		return ret;
	return ret == 0 ? COST_DEAR : 0;
}

int detect_gates_add(
	struct detect_gates *g, const struct snort_rule *rule, uint32_t *gate, struct err *err
) {
	struct verify_gate v;
	struct pattern p = {};
	*gate = DETECT_NO_GATE;
	int ret = verifier_gate(rule, &v);
	if (ret == 0 && v.kind == VERIFY_GATE_ALWAYS)
		return 0;
	if (ret == 0)
		ret = make_pattern(&v, &p);
	verify_gate_fini(&v);
	if (ret == 0)
		ret = make_room(g);
	if (ret < 0) {
		free(p.regex);
		return err_set(err, ret, "out of memory");
	}
	uint32_t *slot = find(g, &p);
	if (*slot != 0) {
		*gate = *slot - 1;
		free(p.regex);
		return 0;
	}
	int64_t cost = judge(g, &p, err);
	if (cost <= 0) {
		free(p.regex);
		return (int)cost;
	}
	p.id = g->n;
	g->patterns[g->n] = p;
	g->costs[g->n] = (uint32_t)cost;
	*gate = g->n++;
	*slot = g->n;
	return 0;
}
