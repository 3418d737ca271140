// What the exporter's thread does for checkpoints: copies what it has when all workers' marks are reached,
// and sees to the last one.

#include "app/ledger.h"
#include "app/run.h"
#include "app/state_priv.h"
#include "app/state_record.h"
#include "base/log.h"
#include "pipeline/tally_save.h"

#include <errno.h>
#include <stdlib.h>

// A capture can be read again from a checkpoint at which nothing was lost.
static int check_lost(const struct run *run, struct err *err) {
	if (!run->patient || !exporter_lost(run->exporter))
		return 0;
	return err_set(err, -EIO, "records were lost on the way out since");
}

struct state_chunk *state_export_all(struct run *run, uint64_t missed, struct err *err) {
	struct state_buffer b;
	// A set of few distinct values takes more when it is saved, for its key goes with it.
	uint64_t memory = run->conf->flow.memory;
	state_buffer_init(&b, memory + memory / 4 + STATE_EXPORTER_MORE);
	int ret = check_lost(run, err);
	if (ret == 0) {
		tally_save(&run->base, &b.writer);
		state_record_run(run, missed, &b.writer);
		ret = exporter_save(run->exporter, &b.writer, err);
	}
	// The sinks' marks may have found out.
	if (ret == 0)
		ret = check_lost(run, err);
	if (ret == 0)
		return state_buffer_take(&b);
	state_buffer_fini(&b);
	return NULL;
}

// While sources are attached, or the run has counted all.
static uint64_t missed(struct run *run) {
	struct ledger ledger;
	ledger_read(run, &ledger);
	return ledger.missed;
}

static void tell_kept(struct run *run) {
	struct run_state *st = run->state;
	uint64_t kept = saver_kept(st->saver);
	if (kept == st->kept)
		return;
	st->kept = kept;
	exporter_kept(run->exporter);
}

bool state_export(struct run *run) {
	struct run_state *st = run->state;
	if (st == NULL)
		return false;
	tell_kept(run);
	if (exporter_marked(run->exporter)) {
		struct err err = {0};
		struct state_chunk *chunks = state_export_all(run, missed(run), &err);
		// Ahead of the end of this checkpoint, behind which marks of the next one come.
		exporter_pass(run->exporter);
		if (chunks != NULL)
			saver_deliver(st->saver, chunks);
		else
			saver_refuse(st->saver, err.text);
		return true;
	}
	// Who has ended sets no mark any more.
	if (atomic_load(&run->finished) > 0 && !atomic_load(&st->keep)) {
		saver_give_up(st->saver, "the run is ending");
		exporter_pass(run->exporter);
	}
	return false;
}

bool state_keeps(const struct run *run, bool cut) {
	return run->state != NULL && cut && atomic_load(&run->state->keep)
		&& atomic_load(&run->failed) == 0;
}

static int keep_last(struct run *run, struct err *err) {
	struct run_state *st = run->state;
	struct state_chunk *chunks = state_export_all(run, missed(run), err);
	if (chunks == NULL) {
		int ret = -EIO;
		saver_give_up(st->saver, err->text);
		return ret;
	}
	saver_deliver(st->saver, chunks);
	return saver_wait(st->saver, err);
}

static int keep_finished(struct run *run, struct err *err) {
	char *summary = NULL;
	size_t len;
	struct ledger ledger;
	struct state_chunk *chunks = state_export_all(run, missed(run), err);
	if (chunks == NULL)
		return -EIO;
	FILE *to = open_memstream(&summary, &len);
	if (to != NULL) {
		ledger_read(run, &ledger);
		ledger_print_json_at(run, &ledger, ledger.tally.value[TALLY_RECEIVED], to);
		fclose(to);
	}
	int ret = summary != NULL ? saver_finish(run->state->saver, chunks, summary, err)
				  : err_set(err, -ENOMEM, "out of memory");
	free(summary);
	return ret;
}

int state_export_last(struct run *run, bool cut, struct err *err) {
	if (run->state == NULL)
		return 0;
	int ret = 0;
	if (state_keeps(run, cut)) {
		ret = keep_last(run, err);
	} else {
		saver_give_up(run->state->saver, "the run is ending");
		if (cut || atomic_load(&run->failed) > 0)
			return 0;
		ret = keep_finished(run, err);
	}
	if (ret == 0)
		tell_kept(run);
	// Not as it came: one that is given up would be no fault to who asks for this thread's result.
	return ret < 0 ? err_wrap(err, -EIO, "state.path: the last checkpoint") : 0;
}
