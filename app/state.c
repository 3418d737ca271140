// When checkpoints are made, and what the run's threads are told of them.

#include "app/state_priv.h"
#include "base/units.h"

#include "app/ledger.h"
#include "app/run.h"
#include "app/state_asked.h"
#include "app/streams.h"
#include "base/log.h"
#include "flow/count_save.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Buffers of a thread on the packet path: live traffic does not wait for the store.
#define CHUNKS_PATIENT 8
#define CHUNKS_LIVE 64

static int64_t now_us(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct run_state *state_open(const struct conf *conf, bool restart, struct err *err) {
	struct run_state *st = calloc(1, sizeof(*st));
	int ret = st == NULL ? err_set(err, -ENOMEM, "out of memory") : 0;
	if (ret == 0) {
		st->conf = conf;
		st->store = state_store_open(conf->state.path, err);
		ret = st->store == NULL ? -EIO : 0;
	}
	if (ret == 0) {
		st->asked = state_asked(conf, err);
		ret = st->asked == NULL ? -EIO : 0;
	}
	const struct state_meta *m = ret == 0 ? state_store_meta(st->store) : NULL;
	if (m != NULL && restart) {
		log_info("state: %s: forgotten, starting over", conf->state.path);
		ret = state_store_forget(st->store, err);
	} else if (m != NULL) {
		ret = state_asked_compare(st->asked, m->asked, err);
	}
	if (ret == 0)
		return st;
	if (st != NULL && st->store != NULL)
		err_wrap(err, ret, "%s", conf->state.path);
	state_close(st);
	return NULL;
}

void state_close(struct run_state *st) {
	if (st == NULL)
		return;
	saver_free(st->saver);
	for (uint32_t i = 0; i < st->n_pools; i++)
		state_pool_fini(&st->pool[i]);
	free(st->pool);
	free(st->pools);
	state_store_close(st->store);
	free(st->asked);
	free(st);
}

bool state_finished(const struct run_state *st, FILE *summary) {
	const struct state_meta *m = state_store_meta(st->store);
	if (m == NULL || !m->finished)
		return false;
	log_info(
		"state: %s: the input was read to its end, there is nothing left to do (--restart "
		"starts over)",
		st->conf->state.path
	);
	if (summary != NULL)
		fputs(m->summary, summary);
	// It may have been killed ahead of the last renames.
	state_settle(st);
	return true;
}

// Of a live worker. Any packet may be of another window of count: all of them may have to be saved ahead of a
// change before the store has taken one.
static uint32_t live_chunks(const struct conf *conf) {
	struct count_config counts[CONF_MAX_STREAMS];
	uint64_t octets = 0;
	for (uint32_t i = streams_counts(conf, counts); i > 0; i--)
		octets += count_table_rows(counts[i - 1].rows) * (uint64_t)COUNT_SAVED_OCTETS;
	// A record is not split, and leaves less than its size of a buffer.
	return CHUNKS_LIVE + (uint32_t)(octets / (STATE_CHUNK - COUNT_SAVED_OCTETS));
}

int state_pools(struct run_state *st, uint32_t n, bool patient, struct err *err) {
	if (st == NULL)
		return 0;
	st->pool = calloc(n, sizeof(*st->pool));
	st->pools = calloc(n, sizeof(*st->pools));
	int ret = st->pool == NULL || st->pools == NULL ? -ENOMEM : 0;
	uint32_t chunks = patient ? CHUNKS_PATIENT : live_chunks(st->conf);
	for (uint32_t i = 0; ret == 0 && i < n; i++) {
		ret = state_pool_init(&st->pool[i], chunks, patient);
		st->pools[i] = &st->pool[i];
		st->n_pools += ret == 0;
	}
	return ret < 0 ? err_set(err, ret, "out of memory for checkpoints") : 0;
}

struct state_pool *state_pool_of(const struct run_state *st, uint32_t i) {
	return st != NULL ? st->pools[i] : NULL;
}

int state_fd(const struct run_state *st) {
	return st != NULL ? saver_fd(st->saver) : -1;
}

// Tells who saves. The checkpoint's ticket; 0: one is under way.
static uint64_t begin(struct run *run) {
	struct run_state *st = run->state;
	uint64_t ticket = saver_begin(st->saver);
	if (ticket == 0)
		return 0;
	st->next_us = now_us() + st->conf->state.checkpoint_us;
	if (run->receiver != NULL)
		atomic_fetch_add(&run->receiver->checkpoint, 1);
	for (uint32_t i = 0; run->receiver == NULL && i < run->n_workers; i++)
		atomic_fetch_add(&run->workers[i].checkpoint, 1);
	if (run->collector != NULL)
		atomic_fetch_add(&run->collector->checkpoint, 1);
	return ticket;
}

void state_step(struct run *run) {
	struct run_state *st = run->state;
	uint64_t n;
	if (st == NULL)
		return;
	ssize_t got = read(saver_fd(st->saver), &n, sizeof(n));
	(void)got; // it only wakes
	if (saver_busy(st->saver) || atomic_load(&st->keep))
		return;
	if (st->stop_wanted) {
		run_stop(run);
	} else if (st->asked_now || now_us() >= st->next_us) {
		if (begin(run) > 0)
			st->asked_now = false;
	}
}

uint64_t state_ask(struct run *run) {
	uint64_t ticket = begin(run);
	if (ticket > 0)
		return ticket;
	// The one under way is of a moment before, and may have come to its end by now.
	run->state->asked_now = true;
	return saver_next(run->state->saver);
}

int state_outcome(struct run *run, uint64_t ticket, char *text, size_t len) {
	struct saver_outcome o;
	if (!saver_outcome(run->state->saver, ticket, &o))
		return 0;
	if (o.code < 0) {
		snprintf(text, len, "the checkpoint failed: %s\n", o.fault.text);
		return -1;
	}
	snprintf(
		text, len, "checkpoint kept: %" PRIu64 " octets (%" PRIu64 " on disk) in %.3f s\n",
		o.octets, o.stored, (double)o.took_us / 1e6
	);
	return 1;
}

bool state_stop(struct run *run) {
	struct run_state *st = run->state;
	if (atomic_load(&st->keep))
		return true;
	st->stop_wanted = true;
	// Of a run that is at its end there is nothing to be kept but that.
	if (!saver_begin_last(st->saver))
		return saver_closed(st->saver);
	atomic_store(&st->keep, true);
	if (run->receiver != NULL)
		atomic_store_explicit(&run->receiver->keep, true, memory_order_release);
	if (run->collector != NULL)
		atomic_store_explicit(&run->collector->keep, true, memory_order_release);
	for (uint32_t i = 0; i < run->n_workers; i++)
		atomic_store_explicit(&run->workers[i].keep, true, memory_order_release);
	return true;
}

void state_print_json(const struct run *run, FILE *to) {
	struct saver_stats s;
	if (run->state == NULL)
		return;
	saver_stats(run->state->saver, &s);
	fprintf(to,
		"\"state\":{\"checkpoints\":%" PRIu64 ",\"failed\":%" PRIu64
		",\"last_octets\":%" PRIu64 ",\"last_stored\":%" PRIu64 ",\"last_us\":%" PRId64
		"},",
		s.checkpoints, s.failed, s.last.octets, s.last.stored, s.last.took_us);
}

void state_print_text(const struct run *run, FILE *to) {
	struct saver_stats s;
	if (run->state == NULL)
		return;
	saver_stats(run->state->saver, &s);
	fprintf(to, "state: %" PRIu64 " checkpoint%s kept, %" PRIu64 " failed", s.checkpoints,
		units_plural(s.checkpoints), s.failed);
	if (s.checkpoints > 0)
		fprintf(to, "; the last: %" PRIu64 " octets (%" PRIu64 " on disk) in %.3f s",
			s.last.octets, s.last.stored, (double)s.last.took_us / 1e6);
	fprintf(to, " -> %s\n", run->conf->state.path);
}
