// What a worker saves, one thing after the other; each of them sees to it that it is saved as it was when
// this began.

#include "worker_save.h"

#include "packet/source_skip.h"
#include "pipeline/tally_save.h"

#include <errno.h>

#define VERSION 1

void worker_save_begin(struct worker *w) {
	struct state_writer *to = state_pool_begin(w->pool);
	tally_save(&w->tally, to);
	if (w->has_intake && w->patient)
		source_save(w->sources, w->n_sources, to);
	if (w->has_intake)
		intake_save_begin(&w->intake, to);
	stage_windows_save_begin(&w->windows, to);
	if (w->match.inspect != NULL)
		inspect_save_begin(w->match.inspect, to, w->number);
	w->saving = true;
}

// Some of one of them, then of the next. Whether all are through.
static bool step(struct worker *w) {
	if (w->has_intake && !intake_save_step(&w->intake))
		return false;
	if (!stage_windows_save_step(&w->windows))
		return false;
	return w->match.inspect == NULL || inspect_save_step(w->match.inspect);
}

void worker_save_step(struct worker *w) {
	if (!state_writer_ok(&w->pool->writer))
		worker_save_end(w, STATE_POOL_BROKEN);
	else if (state_pool_has_room(w->pool) && step(w))
		worker_save_end(w, STATE_POOL_WHOLE);
}

void worker_save_end(struct worker *w, enum state_pool_outcome how) {
	if (w->has_intake)
		intake_save_end(&w->intake);
	stage_windows_save_end(&w->windows);
	if (w->match.inspect != NULL)
		inspect_save_end(w->match.inspect);
	state_pool_end(w->pool, how);
	w->saving = false;
}

int worker_load(
	struct worker *w, const struct state_record *r, const struct share *share, struct err *err
) {
	int ret = 0;
	if (w->has_intake && w->patient)
		ret = source_load(w->sources, w->n_sources, r, err);
	if (ret == 0 && w->has_intake)
		ret = intake_load(&w->intake, r, err);
	if (ret == 0)
		ret = stage_windows_load(&w->windows, r, share, err);
	if (ret == 0 && w->match.inspect != NULL)
		ret = inspect_load(w->match.inspect, r, share, err);
	return ret;
}
