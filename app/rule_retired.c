// A short list, in the order in which sets were retired.

#include "rule_retired.h"

#include "export/exporter.h"
#include "match/match_engine.h"

#include <assert.h>
#include <string.h>

bool rule_retired_full(const struct rule_retired *r) {
	return r->n == RULE_RETIRED_MAX;
}

void rule_retired_add(struct rule_retired *r, struct exporter *e, struct match_engine *engine) {
	assert(!rule_retired_full(r));
	match_engine_unload(engine);
	r->set[r->n].engine = engine;
	r->set[r->n++].ticket = exporter_retire(e);
}

void rule_retired_step(struct rule_retired *r, struct exporter *e) {
	uint32_t done = 0;
	while (done < r->n && exporter_retired(e, r->set[done].ticket))
		match_engine_free(r->set[done++].engine);
	if (done == 0)
		return;
	r->n -= done;
	memmove(r->set, r->set + done, r->n * sizeof(r->set[0]));
}

void rule_retired_fini(struct rule_retired *r) {
	while (r->n > 0)
		match_engine_free(r->set[--r->n].engine);
}
