// Going on from a checkpoint: each record is shown to everybody, and taken by those it belongs to.

#include "app/run.h"
#include "app/state_priv.h"
#include "app/state_record.h"
#include "base/log.h"
#include "export/out_mark.h"
#include "pipeline/tally_save.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1

struct saved_run {
	uint64_t missed;
};

bool state_record_run(const struct run *run, uint64_t missed, struct state_writer *w) {
	struct saved_run to = {.missed = missed};
	return state_writer_put(w, STATE_RUN, VERSION, &to, sizeof(to));
}

struct loading {
	struct run *run;
	struct spread hosts; // where no receiver spreads
	struct spread_share part[CONF_MAX_WORKERS];
	struct share share[CONF_MAX_WORKERS];
};

// Which worker goes on with what. How a device spreads is not known: there it is any, and what comes to
// another is taken up as it is met.
static void share_out(struct loading *l) {
	const struct run *run = l->run;
	const struct spread *spread = run->receiver != NULL ? &run->receiver->spread : &l->hosts;
	l->hosts.by_host = true;
	hash_seed_init(&l->hosts.seed);
	for (uint32_t i = 0; i < run->n_workers; i++) {
		l->part[i] = (struct spread_share){spread, i, run->n_workers};
		l->share[i] = spread_share(&l->part[i]);
	}
}

static const struct share *share_of(const struct loading *l, uint32_t worker) {
	return l->run->n_workers > 1 ? &l->share[worker] : NULL;
}

static int load_run(struct run *run, const struct state_record *r, struct err *err) {
	struct saved_run from;
	if (r->kind != STATE_RUN)
		return 0;
	if (r->version != VERSION || r->len != sizeof(from))
		return err_set(err, -EBADMSG, "not what is known of a run");
	memcpy(&from, r->octets, sizeof(from));
	run->base_missed = from.missed;
	return 0;
}

static int load_record(struct loading *l, const struct state_record *r, struct err *err) {
	struct run *run = l->run;
	int ret = load_run(run, r, err);
	if (ret == 0)
		ret = tally_load(&run->base, r, err);
	if (ret == 0)
		ret = exporter_load(run->exporter, r, err);
	if (ret == 0 && run->receiver != NULL)
		ret = receiver_load(run->receiver, r, err);
	for (uint32_t i = 0; ret == 0 && i < run->n_workers; i++)
		ret = worker_load(&run->workers[i], r, share_of(l, i), err);
	return ret;
}

static int load_buffer(void *ctx, const void *buffer, uint32_t len, struct err *err) {
	struct state_record r;
	uint32_t at = 0;
	int ret;
	while ((ret = state_next(buffer, len, &at, &r)) == 1) {
		ret = load_record(ctx, &r, err);
		if (ret < 0)
			return ret;
	}
	return ret < 0 ? err_set(err, ret, "records of the state do not fit together") : 0;
}

static int load(struct run *run, const struct state_meta *m, struct err *err) {
	struct loading *l = calloc(1, sizeof(*l));
	if (l == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	l->run = run;
	share_out(l);
	uint64_t number = m->number, octets = m->octets;
	int ret = state_store_read(run->state->store, load_buffer, l, err);
	free(l);
	if (ret < 0)
		return err_wrap(err, ret, "%s", run->conf->state.path);
	for (uint32_t i = 0; ret == 0 && i < run->n_workers; i++)
		ret = worker_loaded(&run->workers[i], err);
	if (ret < 0)
		return ret;
	run->resumed_at = run->base.value[TALLY_RECEIVED];
	log_info(
		"state: going on from checkpoint %" PRIu64 " (%" PRIu64 " octets): %" PRIu64
		" frame%s taken",
		number, octets, run->resumed_at, run->resumed_at == 1 ? " was" : "s were"
	);
	return 0;
}

static int reach(void *clock, const void *buffer, uint32_t len, struct err *err) {
	struct state_record r;
	uint32_t at = 0;
	int64_t us;
	// What does not fit together is for load_buffer to say.
	while (state_next(buffer, len, &at, &r) == 1)
		if (exporter_reached(&r, &us))
			live_clock_reach(clock, us);
	return 0;
}

int state_reach(const struct run_state *st, struct live_clock *clock, struct err *err) {
	const struct conf_input *in = st != NULL ? &st->conf->input : NULL;
	if (in == NULL || in->backend == CONF_BACKEND_PCAP || in->xdp_mode != CONF_XDP_KERNEL
	    || state_store_meta(st->store) == NULL)
		return 0;
	return state_store_read(st->store, reach, clock, err);
}

static void settle_sink(const struct conf *conf, const char *name, const struct out_mark *mark) {
	for (uint32_t i = 0; i < conf->n_sinks; i++) {
		const struct conf_sink *sink = &conf->sink[i];
		struct err err = {0};
		if (strcmp(sink->name, name) == 0 && out_mark_settle(sink->path, mark, &err) < 0)
			log_warn("sink %s: %s", name, err.text);
	}
}

static int settle(void *ctx, const void *buffer, uint32_t len, struct err *err) {
	struct state_record r;
	uint32_t at = 0;
	const struct conf *const *conf = ctx;
	const char *name;
	while (state_next(buffer, len, &at, &r) == 1) {
		const struct out_mark *mark = exporter_saved_mark(&r, &name);
		if (mark != NULL)
			settle_sink(*conf, name, mark);
	}
	return 0;
}

void state_settle(const struct run_state *st) {
	const struct conf *conf = st->conf;
	struct err err = {0};
	if (state_store_read(st->store, settle, &conf, &err) < 0)
		log_warn("%s: %s", conf->state.path, err.text);
}

// Ahead of the first packet: what is written before the next one could not be cut off again.
static int save_first(struct run *run, struct err *err) {
	struct state_store *store = run->state->store;
	struct state_chunk *chunks = NULL;
	int ret = exporter_afresh(run->exporter, err);
	if (ret == 0) {
		chunks = state_export_all(run, 0, err);
		ret = chunks == NULL ? -EIO : state_store_begin(store, err);
	}
	struct state_meta m = {.asked = run->state->asked, .summary = (char[1]){0}};
	for (const struct state_chunk *c = chunks; ret == 0 && c != NULL; c = c->next) {
		m.octets += c->used;
		ret = state_store_put(store, c->octets, c->used, err);
	}
	if (ret == 0)
		ret = state_store_commit(store, &m, err);
	state_chunks_free(chunks);
	return ret;
}

int state_resume(struct run *run, struct err *err) {
	struct run_state *st = run->state;
	if (st == NULL)
		return 0;
	const struct state_meta *m = state_store_meta(st->store);
	int ret = m != NULL ? load(run, m, err) : save_first(run, err);
	if (ret < 0)
		return ret;
	st->saver = saver_new(
		st->store, (struct state_pool *const *)st->pools, st->n_pools, st->asked, err
	);
	return st->saver == NULL ? -EAGAIN : 0;
}
