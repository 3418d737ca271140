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

bool stream_plan_may_repeat(const struct stream_plan *plan) {
	if (plan->n_pieces == 0 || plan->combination != NULL)
		return false;
	for (const char *c = plan->pieces[0].pattern.regex; *c != '\0'; c++) {
		if (*c == '$' || (*c == '\\' && c[1] != '\0' && strchr("zZbB", c[1]) != NULL))
			return true;
		c += *c == '\\' && c[1] != '\0';
	}
	return false;
}

// What is told late, by the octet behind it, is so by one octet: two offsets are enough.
#define SEEN_ANY ((uint32_t)1 << 31)
#define SEEN_BEFORE ((uint32_t)1 << 30) // the octet ahead of the offset, too
#define SEEN_OFFSET (SEEN_BEFORE - 1)

bool stream_plan_saw(const struct stream_state *state, uint64_t offset) {
	uint32_t back = (state->met - (uint32_t)offset) & SEEN_OFFSET;
	if ((state->met & SEEN_ANY) == 0)
		return false;
	return back == 0 || (back == 1 && (state->met & SEEN_BEFORE) != 0);
}

bool stream_plan_see(struct stream_state *state, uint64_t offset) {
	uint32_t at = (uint32_t)offset & SEEN_OFFSET;
	uint32_t ahead = (at - state->met) & SEEN_OFFSET;
	bool any = (state->met & SEEN_ANY) != 0;
	if (stream_plan_saw(state, offset))
		return false;
	if (any && ahead == SEEN_OFFSET)
		state->met |= SEEN_BEFORE;
	else
		state->met = SEEN_ANY | at | (any && ahead == 1 ? SEEN_BEFORE : 0);
	return true;
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
