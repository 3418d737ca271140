// Watches are few: each window looks at all of them.

#include "watches.h"

#include "base/log.h"
#include "base/mem.h"
#include "export/export_state.h"
#include "export/exporter.h"
#include "export/watch_save.h"

#include <errno.h>
#include <stdlib.h>

#define VERSION 1

struct slot {
	struct watch watch;
	uint32_t stream;
	bool told; // that memory is used up
	struct counters published;
};

struct watches {
	struct slot *slot; // owned
	uint32_t n;
	bool live;
	int64_t newest_us; // start of the newest pane
	watches_taker *give;
	void *ctx;
	uint32_t loaded; // watches whose records have begun to come
};

struct saved_watches {
	uint64_t n;
	int64_t newest_us;
};

// Who is told of one watch's alerts.
struct way {
	const struct watches *ws;
	uint32_t stream;
};

static int64_t step_of(const struct exporter_stream *s) {
	switch (s->kind) {
	case WINDOW_TUMBLING:
		return s->size_us;
	case WINDOW_SLIDING:
		return s->step_us;
	default:
		return 0;
	}
}

struct watches *
watches_new(const struct exporter_config *conf, uint64_t memory, watches_taker *give, void *ctx) {
	uint32_t n = conf->n_watches;
	struct watches *ws = calloc(1, sizeof(*ws));
	if (ws == NULL)
		return NULL;
	*ws = (struct watches){
		.live = conf->live_start_us != INT64_MIN,
		.newest_us = INT64_MIN,
		.give = give,
		.ctx = ctx,
	};
	ws->slot = mem_lines((n + 1) * sizeof(*ws->slot));
	if (ws->slot == NULL) {
		free(ws);
		return NULL;
	}
	for (; ws->n < n; ws->n++) {
		const struct exporter_watch *own = &conf->watches[ws->n];
		const struct exporter_stream *s = &conf->streams[own->stream];
		ws->slot[ws->n].stream = own->stream;
		watch_init(
			&ws->slot[ws->n].watch,
			&(struct watch_config){
				.name = own->name,
				.stream = s->name,
				.fields = s->fields,
				.cut = s->cut,
				.biflow = s->biflow,
				.seed = conf->seed,
				.when = own->when,
				.size_us = s->size_us,
				.step_us = step_of(s),
				.memory = memory / n,
			}
		);
	}
	return ws;
}

void watches_free(struct watches *ws) {
	if (ws == NULL)
		return;
	for (uint32_t i = 0; i < ws->n; i++)
		watch_fini(&ws->slot[i].watch);
	free(ws->slot);
	free(ws);
}

static void give(void *ctx, const struct watch_alert *a) {
	const struct way *way = ctx;
	way->ws->give(way->ws->ctx, way->stream, a);
}

static void publish(struct slot *s) {
	const struct watch_stats *st = &s->watch.stats;
	uint64_t v[WATCH_STAT_COUNT] = {
		[WATCH_FIRED] = st->fired,
		[WATCH_SUPPRESSED] = st->suppressed,
		[WATCH_NO_ROOM] = st->no_room,
	};
	counters_publish(&s->published, v, WATCH_STAT_COUNT);
	if (st->no_room > 0 && !s->told)
		log_warn(
			"alert %s: more keys than memory holds: some are not watched (flow.memory)",
			s->watch.conf.name
		);
	s->told = st->no_room > 0;
}

void watches_judge(
	struct watches *ws, uint32_t stream, const struct window_out *out, bool partial
) {
	struct way way = {ws, stream};
	for (uint32_t i = 0; i < ws->n; i++) {
		struct slot *s = &ws->slot[i];
		if (s->stream != stream)
			continue;
		watch_judge(&s->watch, out, partial, give, &way);
		publish(s);
	}
}

void watches_time(struct watches *ws, int64_t start_us) {
	ws->newest_us = start_us > ws->newest_us ? start_us : ws->newest_us;
}

void watches_pass(struct watches *ws, uint32_t stream, int64_t horizon_us) {
	struct way way = {ws, stream};
	bool by_clock = ws->live && horizon_us != INT64_MAX;
	int64_t until_us = by_clock || horizon_us < ws->newest_us ? horizon_us : ws->newest_us;
	for (uint32_t i = 0; i < ws->n; i++) {
		struct slot *s = &ws->slot[i];
		if (s->stream != stream)
			continue;
		watch_pass(&s->watch, until_us, give, &way);
		publish(s);
	}
}

void watches_gap(struct watches *ws, const struct window_gap *gap, int64_t live_start_us) {
	for (uint32_t i = 0; i < ws->n; i++)
		watch_gap(&ws->slot[i].watch, gap, live_start_us);
}

bool watches_save(const struct watches *ws, struct state_writer *w) {
	struct saved_watches head = {.n = ws->n, .newest_us = ws->newest_us};
	bool ok = state_writer_put(w, STATE_WATCHES, VERSION, &head, sizeof(head));
	for (uint32_t i = 0; ok && i < ws->n; i++)
		ok = watch_save(&ws->slot[i].watch, w);
	return ok;
}

static int load_head(struct watches *ws, const struct state_record *r, struct err *err) {
	const struct saved_watches *head = r->octets;
	if (r->version != VERSION || r->len != sizeof(*head) || head->n != ws->n || ws->loaded > 0)
		return err_set(err, -EBADMSG, "alerts in the state: of another configuration");
	ws->newest_us = head->newest_us;
	return 0;
}

int watches_load(struct watches *ws, const struct state_record *r, struct err *err) {
	if (r->kind == STATE_WATCHES)
		return load_head(ws, r, err);
	ws->loaded += r->kind == STATE_WATCH;
	if (ws->loaded == 0 || ws->loaded > ws->n)
		return err_set(err, -EBADMSG, "alerts in the state: more than there are");
	struct slot *s = &ws->slot[ws->loaded - 1];
	int ret = watch_load(&s->watch, r, err);
	publish(s);
	return ret;
}

void watches_stats(struct watches *ws, uint32_t watch, uint64_t out[WATCH_STAT_COUNT]) {
	counters_read(&ws->slot[watch].published, out, WATCH_STAT_COUNT);
}
