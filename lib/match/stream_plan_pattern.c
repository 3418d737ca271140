// The plans of patterns in hsbench syntax. A combination's terms are the patterns that it combines;
// what they make together is decided here and not by Hyperscan, which over streams reports a
// combination late: with a later match, or when the stream is closed.

#include "stream_plan.h"

#include "stream_plan_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct stream_plan *stream_plan_from_pattern(const struct pattern *pattern) {
	struct stream_plan *plan = stream_plan_new();
	if (plan == NULL || stream_plan_add_pattern(plan, pattern, 0) < 0) {
		stream_plan_free(plan);
		return NULL;
	}
	plan->n_terms = plan->wanted = 1;
	return plan;
}

static bool is_quiet(const struct pattern *pattern) {
	return (pattern->flags & PATTERN_QUIET) != 0;
}

int stream_plan_check_combination(const struct pattern *pattern, struct err *err) {
	struct combination_code *code;
	if (is_quiet(pattern))
		return 0;
	int ret = combination_code_new(pattern->regex, &code, err);
	if (ret == 0 && pattern->ext != 0 && combination_code_holds(code, 0))
		ret = err_set(
			err, -E2BIG,
			"combination: no min_offset and max_offset where it holds with none of its"
			" ids found"
		);
	free(code);
	return ret;
}

static struct stream_combination *new_combination(const struct pattern *p) {
	struct stream_combination *c = calloc(1, sizeof(*c));
	struct err err;
	if (c == NULL || combination_code_new(p->regex, &c->code, &err) < 0) {
		free(c);
		return NULL;
	}
	c->min_offset = p->ext & PATTERN_MIN_OFFSET ? p->min_offset : 0;
	c->max_offset = p->ext & PATTERN_MAX_OFFSET ? p->max_offset : UINT64_MAX;
	c->once = (p->flags & PATTERN_SINGLEMATCH) != 0;
	return c;
}

static int
combine(struct stream_plan *plan, const struct pattern *pattern,
	const struct stream_operands *operands) {
	plan->combination = new_combination(pattern);
	if (plan->combination == NULL)
		return -ENOMEM;
	const struct combination_code *code = plan->combination->code;
	for (uint32_t i = 0; i < code->n_ids; i++) {
		if (stream_plan_add_pattern(plan, operands->find(operands->ctx, code->ids[i]), i)
		    < 0)
			return -ENOMEM;
	}
	plan->n_terms = code->n_ids;
	if (combination_code_holds(code, 0))
		plan->unwanted = ((uint32_t)1 << code->n_ids) - 1;
	return 0;
}

struct stream_plan *stream_plan_from_combination(
	const struct pattern *pattern, const struct stream_operands *operands
) {
	struct stream_plan *plan = stream_plan_new();
	if (plan == NULL)
		return NULL;
	if (is_quiet(pattern)) {
		plan->n_terms = plan->wanted = 1;
		return plan;
	}
	if (combine(plan, pattern, operands) < 0) {
		stream_plan_free(plan);
		return NULL;
	}
	return plan;
}

bool stream_plan_combine(
	const struct stream_plan *plan, struct stream_state *state, uint64_t offset
) {
	const struct stream_combination *c = plan->combination;
	if ((state->met & STREAM_TOLD) != 0 || offset < c->min_offset || offset > c->max_offset
	    || !combination_code_holds(c->code, state->met))
		return false;
	if (c->once)
		state->met |= STREAM_TOLD;
	return true;
}
