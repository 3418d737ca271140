// Asking a condition: from test to test until one of them has the answer.

#include "where.h"

#include "flow/where_program.h"

#include <stdlib.h>

void where_free(struct where *w) {
	if (w == NULL)
		return;
	free(w->test);
	free(w->range);
	free(w);
}

static bool in_range(const struct where_range *r, const struct flow_value *v) {
	return v->family == r->family && v->number >= r->low && v->number <= r->high;
}

static bool test_holds(
	const struct where *w, const struct where_test *t, const struct flow_key *key,
	struct rule_id rule
) {
	struct flow_value value;
	if (!flow_value_get(key, rule, (enum field)t->field, &value))
		return false;
	uint32_t i = 0;
	while (i < t->n && !in_range(&w->range[t->first + i], &value))
		i++;
	return (i < t->n) != t->inverted;
}

bool where_holds(const struct where *w, const struct flow_key *key, struct rule_id rule) {
	int16_t at = w->entry;
	while (at >= 0)
		at = w->test[at].next[test_holds(w, &w->test[at], key, rule)];
	return at == WHERE_YES;
}
