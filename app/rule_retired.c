// A short list, in the order in which sets were retired.

#include "rule_retired.h"

#include "export/exporter.h"
#include "match/matcher.h"

#include <assert.h>
#include <string.h>

bool rule_retired_full(const struct rule_retired *r) {
	return r->n == RULE_RETIRED_MAX;
}

void rule_retired_add(struct rule_retired *r, struct exporter *e, struct matcher *m) {
	assert(!rule_retired_full(r));
	matcher_unload(m);
	r->set[r->n].matcher = m;
	r->set[r->n++].ticket = exporter_retire(e);
}

void rule_retired_step(struct rule_retired *r, struct exporter *e) {
	uint32_t done = 0;
	while (done < r->n && exporter_retired(e, r->set[done].ticket))
		matcher_free(r->set[done++].matcher);
	if (done == 0)
		return;
	r->n -= done;
	memmove(r->set, r->set + done, r->n * sizeof(r->set[0]));
}

void rule_retired_fini(struct rule_retired *r) {
	while (r->n > 0)
		matcher_free(r->set[--r->n].matcher);
}
