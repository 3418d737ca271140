// Makes the patterns' group. A pattern is compiled once, in however many combinations it is: its report
// then means a piece of each of them, beside itself.

#include "stream_set_patterns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int fail_memory(struct err *err) {
	return err_set(err, -ENOMEM, "out of memory while compiling patterns for streams");
}

static bool is_combination(const struct pattern *p) {
	return (p->flags & PATTERN_COMBINATION) != 0;
}

// Adds the fault of a combination that streams cannot tell. 0 or -errno with err set.
static int
check(const struct pattern *p, uint32_t index, struct pattern_fault *faults, uint32_t *n,
      struct err *err) {
	struct err why, reason;
	int ret = is_combination(p) ? stream_plan_check_combination(p, &why) : 0;
	if (ret == 0)
		return 0;
	err_set(&reason, 0, "stream: %s", why.text);
	char *text = ret == -E2BIG ? strdup(reason.text) : NULL;
	if (text == NULL)
		return fail_memory(err);
	faults[(*n)++] = (struct pattern_fault){index, "combination", text};
	return 0;
}

static int refuse_combinations(struct ruleset *rs, struct err *err) {
	struct pattern_fault *faults = calloc((size_t)rs->n_patterns + 1, sizeof(*faults));
	uint32_t n = 0;
	int ret = faults != NULL ? 0 : fail_memory(err);
	for (uint32_t i = 0; i < rs->n_patterns && ret == 0; i++)
		ret = check(&rs->patterns[i], i, faults, &n, err);
	if (ret == 0 && ruleset_refuse_many(rs, faults, n) < 0)
		ret = fail_memory(err);
	while (n > 0)
		free((char *)(uintptr_t)faults[--n].reason);
	free(faults);
	return ret;
}

struct operands {
	const struct stream_set *s;
	const struct ruleset *patterns;
	uint32_t file;
};

static uint32_t index_of(const struct operands *o, uint32_t id) {
	// The ruleset refuses combinations of ids that are not there.
	return (uint32_t)(stream_set_find_pattern(o->s, o->file, id) - o->s->rules);
}

static const struct pattern *find_operand(const void *ctx, uint32_t id) {
	const struct operands *o = ctx;
	return &o->patterns->patterns[index_of(o, id)];
}

static int plan(struct stream_set *s, const struct ruleset *patterns) {
	for (uint32_t i = 0; i < patterns->n_patterns; i++) {
		const struct pattern *p = &patterns->patterns[i];
		const struct operands o = {s, patterns, p->file};
		const struct stream_operands operands = {find_operand, &o};
		struct stream_plan *plan = is_combination(p)
			? stream_plan_from_combination(p, &operands)
			: stream_plan_from_pattern(p);
		if (plan == NULL)
			return -ENOMEM;
		s->rules[i].plan = plan;
	}
	return 0;
}

static int by_pattern(const void *a, const void *b) {
	const struct stream_set_use *x = a, *y = b;
	if (x->pattern != y->pattern)
		return x->pattern < y->pattern ? -1 : 1;
	return (x->combination > y->combination) - (x->combination < y->combination);
}

// What of the patterns is combined, to be freed. NULL: out of memory.
static struct stream_set_use *list_uses(const struct stream_set *s, uint32_t *n) {
	size_t room = 1;
	for (uint32_t i = 0; i < s->n_rules; i++)
		room += s->rules[i].plan->combination != NULL ? s->rules[i].plan->n_pieces : 0;
	struct stream_set_use *uses = calloc(room, sizeof(*uses));
	*n = 0;
	for (uint32_t i = 0; i < s->n_rules && uses != NULL; i++) {
		const struct stream_set_rule *r = &s->rules[i];
		const struct operands o = {.s = s, .file = r->scope};
		if (r->plan->combination == NULL)
			continue;
		for (uint32_t k = 0; k < r->plan->n_pieces; k++) {
			uint32_t id = r->plan->combination->code->ids[k];
			uses[(*n)++] = (struct stream_set_use){index_of(&o, id), i, k};
		}
	}
	if (uses != NULL)
		qsort(uses, *n, sizeof(*uses), by_pattern);
	return uses;
}

static int show(struct stream_set *s, struct stream_set_group *g, const struct ruleset *patterns) {
	uint32_t n_uses;
	for (uint32_t i = 0; i < patterns->n_patterns; i++) {
		s->rules[s->n_rules++] = (struct stream_set_rule){
			.scope = patterns->patterns[i].file,
			.id = patterns->patterns[i].id,
			.number = STREAM_NO_RULE,
		};
	}
	s->n_patterns = s->n_rules;
	stream_set_sort(s, 0);
	if (plan(s, patterns) < 0)
		return -ENOMEM;
	struct stream_set_use *uses = list_uses(s, &n_uses);
	if (uses == NULL)
		return -ENOMEM;
	int ret = stream_set_group_show(g, s->rules, s->n_patterns, uses, n_uses);
	free(uses);
	return ret;
}

int stream_set_add_patterns(
	struct stream_set *s, struct ruleset *patterns, const char *cache_dir, struct err *err
) {
	struct stream_set_group *g = &s->groups[s->n_groups];
	int ret = refuse_combinations(patterns, err);
	if (ret < 0)
		return ret;
	s->n_groups++;
	ret = stream_set_group_of_patterns(g, patterns, cache_dir, err);
	if (ret < 0)
		return ret;
	if (patterns->n_patterns > 0)
		return show(s, g, patterns) < 0 ? fail_memory(err) : 0;
	s->n_groups--; // it has no database
	return 0;
}
