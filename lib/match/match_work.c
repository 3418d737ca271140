// A rule whose stamp is the number of the packet in work has been noted for it.

#include "match_work.h"

#include <stdlib.h>
#include <string.h>

struct match_work *match_work_new(const struct match_engine *e) {
	const struct matcher *patterns = match_engine_patterns(e);
	const struct detect *detect = match_engine_detect(e);
	const struct stream_set *streams = match_engine_streams(e);
	struct match_work *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->n_rules = match_engine_rules(e);
	w->first_rule = patterns != NULL ? matcher_rules(patterns) : 0;
	size_t n = (size_t)w->n_rules + 1;
	w->rules = calloc(n, sizeof(*w->rules));
	w->event = calloc(n, sizeof(*w->event));
	w->stamp = calloc(n, sizeof(*w->stamp));
	if (w->rules == NULL || w->event == NULL || w->stamp == NULL)
		goto fail;
	if (patterns != NULL && (w->patterns = match_scratch_new(patterns)) == NULL)
		goto fail;
	if (detect != NULL && (w->detect = detect_scratch_new(detect)) == NULL)
		goto fail;
	if (streams != NULL && stream_set_scratch(streams, &w->streams) < 0)
		goto fail;
	return w;
fail:
	match_work_free(w);
	return NULL;
}

void match_work_free(struct match_work *w) {
	if (w == NULL)
		return;
	match_scratch_free(w->patterns);
	detect_scratch_free(w->detect);
	hs_free_scratch(w->streams);
	free(w->rules);
	free(w->event);
	free(w->stamp);
	free(w);
}

void match_work_restart(struct match_work *w) {
	memset(w->stamp, 0, (size_t)w->n_rules * sizeof(*w->stamp));
	w->packet = 1;
}
