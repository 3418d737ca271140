// Rule sets that change without pause while workers follow TCP streams, for the sanitizers: what both sets
// look for is found where it ends, however it is cut; what one of them looks for is looked for by exactly
// one; every event is an alert and in a window; and every set comes back, of workers that ended early, too.

#include "make_engine.h"
#include "reload_rig.h"
#include "talk_source.h"
#include "tap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RELOADS 60
#define EARLY_AT 20 // reloads behind which one worker's input ends
#define PACKETS 4000 // that may come between two reloads

enum sid {
	SID_BOTH = 1,
	SID_ALPHA,
	SID_BETA,
	SID_QUIET,
	SID_FIRST,
	SIDS
};

struct rig {
	struct reload_rig reload;
	struct talk_source *sources;
	// Sets that were in force, as long as a worker needs them.
	struct {
		struct match_engine *engine;
		uint32_t users;
	} used[MATCH_SETS_MAX];
	uint32_t n_used;
	// the exporter's
	uint64_t by_sid[SIDS];
	uint64_t alerts;
	uint64_t windows; // matches in them
	bool unknown_rule;
};

#define TCP_RULE(what, sid) "alert tcp any any -> any any (" what " sid:" #sid "; rev:1;)\n"
#define COMMON                                                                                         \
	TCP_RULE("content:\"" TALK_WORD "\";", 1)                                                      \
	"alert tcp any any -> any any (content:\"beta\"; flowbits:set,b; noalert; sid:4;)\n" TCP_RULE( \
		"content:\"never\"; content:!\"ever\";", 9                                             \
	)

static struct match_engine *compile_nth(uint32_t n) {
	static const char *const sets[] = {
		COMMON "alert udp any any -> any any (content:\"alpha\"; sid:2;)\n",
		TCP_RULE("content:\"nowhere\"; content:\"else\";", 8) COMMON
		"alert udp any any -> any any (content:\"beta\"; sid:3;)\n",
		"alert udp any any -> any any (content:\"alpha\"; sid:2;)\n" COMMON TCP_RULE(
			"flowbits:isset,b; pcre:\"/al(pha|bi)/\";", 5
		),
		// Twice the same: streams go on as they are.
		"alert udp any any -> any any (content:\"alpha\"; sid:2;)\n" COMMON TCP_RULE(
			"flowbits:isset,b; pcre:\"/al(pha|bi)/\";", 5
		),
	};
	return make_engine("77:/no(where|body)/\n", sets[n % 4], true);
}

static void take_alert(void *ctx, const struct alert *a) {
	struct rig *rig = ctx;
	rig->alerts++;
	if (a->rule->sid < SIDS && a->rule->signature != NULL && a->rule->gid == 1)
		rig->by_sid[a->rule->sid]++;
	else
		rig->unknown_rule = true;
}

static uint32_t take_panes(struct rig *rig) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < rig->reload.n_workers; i++) {
		struct pane *pane;
		for (; (pane = pane_store_take(&rig->reload.workers[i].panes)) != NULL; n++) {
			for (uint32_t k = 0; k < pane->table.flows; k++)
				rig->windows += pane->table.rows[k].matches;
			pane_store_return(&rig->reload.workers[i].panes, pane);
		}
	}
	return n;
}

static void *export(void *arg) {
	struct rig *rig = arg;
	struct reload_rig *r = &rig->reload;
	while (atomic_load(&r->finished) < r->n_workers)
		if (alerting_step(r->alerting, reload_rig_horizon(r), take_alert, rig)
			    + take_panes(rig)
		    == 0)
			usleep(50);
	take_panes(rig);
	while (alerting_step(r->alerting, INT64_MAX, take_alert, rig) > 0)
		;
	return NULL;
}

static void rig_open(struct rig *rig, uint32_t n_workers, uint64_t memory, uint32_t flows) {
	const struct worker_config wc = {
		.match =
			{.inspect =
				 {.streams = true,
				  .midstream = true,
				  .checksums = CHECKSUM_MODE_IGNORE,
				  .memory = memory,
				  .mem = mem_pages()}},
		.panes =
			{.width_us = 1000000,
			 .active = 2,
			 .spares = 2,
			 .rows = 64,
			 .patient = true,
			 .mem = mem_pages()},
	};
	*rig = (struct rig){.sources = calloc(n_workers, sizeof(*rig->sources))};
	reload_must(rig->sources != NULL, "memory");
	reload_rig_open(&rig->reload, n_workers, compile_nth(0));
	for (uint32_t i = 0; i < n_workers; i++) {
		talk_source_init(&rig->sources[i], (uint8_t)i, flows);
		reload_rig_add(&rig->reload, i, &rig->sources[i].source, &wc);
	}
	reload_rig_start(&rig->reload);
}

static void one_user_less(struct rig *rig, const struct match_engine *engine) {
	for (uint32_t i = 0; i < rig->n_used; i++) {
		if (rig->used[i].engine != engine || --rig->used[i].users > 0)
			continue;
		match_engine_unload(rig->used[i].engine);
		reload_rig_retire(&rig->reload, rig->used[i].engine);
		rig->used[i] = rig->used[--rig->n_used];
		return;
	}
}

static void take_back(struct rig *rig) {
	for (uint32_t i = 0; i < rig->reload.n_workers; i++) {
		struct match_set set;
		while (worker_give_back(&rig->reload.workers[i], &set)) {
			one_user_less(rig, set.engine);
			match_set_fini(&set);
		}
	}
	reload_rig_free_retired(&rig->reload);
}

// Returns how many workers took the set.
static uint32_t reload(struct rig *rig, struct match_engine *m) {
	struct reload_rig *r = &rig->reload;
	uint32_t *map;
	bool same;
	reload_must(match_engine_map(r->engine, m, &map, &same) == 0, "memory");
	const struct match_set set = {.engine = m, .map = map, .same = same};
	uint32_t n_adopted = reload_rig_offer(r, set, NULL);
	free(map); // no worker looks at it any more
	if (n_adopted == 0) {
		match_engine_free(m);
		return 0;
	}
	rig->used[rig->n_used].engine = r->engine;
	rig->used[rig->n_used++].users = n_adopted;
	r->engine = m;
	take_back(rig);
	while (rig->n_used == MATCH_SETS_MAX) {
		usleep(100);
		take_back(rig);
	}
	return n_adopted;
}

static void rig_close(struct rig *rig) {
	reload_rig_close(&rig->reload);
	while (rig->n_used > 0)
		match_engine_free(rig->used[--rig->n_used].engine);
	free(rig->sources);
}

struct sum {
	uint64_t received, events, uncounted, dropped, parts_cut, over_budget, words, datagrams;
};

static void add_up(struct rig *rig, struct sum *sum) {
	*sum = (struct sum){};
	for (uint32_t i = 0; i < rig->reload.n_workers; i++) {
		struct worker *w = &rig->reload.workers[i];
		struct inspect_stats stats;
		struct tally t;
		worker_tally(w, &t);
		worker_match_stats(w, &stats);
		sum->received += t.value[TALLY_RECEIVED];
		sum->events += t.value[TALLY_MATCH_EVENTS];
		sum->uncounted += t.value[TALLY_UNCOUNTED];
		sum->dropped += t.value[TALLY_ALERTS_DROPPED];
		sum->parts_cut += stats.streams.parts_cut;
		sum->over_budget += stats.streams.over_budget;
		sum->words += rig->sources[i].words;
		sum->datagrams += rig->sources[i].datagrams;
	}
}

static void run(uint32_t n_workers, uint64_t memory, bool exact) {
	struct rig rig;
	struct reload_rig *r = &rig.reload;
	pthread_t exporter;
	uint32_t not_taken = 0;
	rig_open(&rig, n_workers, memory, exact ? TALK_FLOWS : TALK_FLOWS_MAX);
	reload_must(pthread_create(&exporter, NULL, export, &rig) == 0, "thread");
	uint32_t live = n_workers;
	for (uint32_t n = 1; n <= RELOADS; n++) {
		if (n == EARLY_AT && n_workers > 1) {
			atomic_store(&rig.sources[--live].end, true);
			reload_rig_join(r, live);
		}
		for (uint32_t i = 0; i < live; i++)
			atomic_fetch_add(&rig.sources[i].allowed, PACKETS);
		not_taken += reload(&rig, compile_nth(n)) != live;
	}
	for (uint32_t i = 0; i < live; i++)
		atomic_store(&r->workers[i].stop, true);
	// While they end: some may take it, some not.
	reload(&rig, compile_nth(RELOADS + 1));
	for (uint32_t i = 0; i < live; i++)
		reload_rig_join(r, i);
	pthread_join(exporter, NULL);
	uint32_t after_the_end = reload(&rig, compile_nth(0));
	take_back(&rig);

	struct sum sum;
	add_up(&rig, &sum);
	uint64_t words = rig.by_sid[SID_BOTH];
	// What is behind a hole at the end of a connection has no such word.
	bool good = not_taken == 0 && after_the_end == 0 && sum.dropped == 0 && !rig.unknown_rule
		&& rig.n_used == 0 && rig.by_sid[SID_ALPHA] + rig.by_sid[SID_BETA] == sum.datagrams
		&& rig.by_sid[SID_ALPHA] > 0 && rig.by_sid[SID_BETA] > 0
		&& rig.by_sid[SID_FIRST] > 0 && rig.windows + sum.uncounted == sum.events
		&& rig.alerts < sum.events && (exact ? sum.over_budget == 0 : sum.over_budget > 0)
		&& (exact ? words == sum.words : words < sum.words);
	tap_ok(good,
	       "%u workers, %d reloads%s: what both sets have is found wherever it ends, and every set "
	       "comes back",
	       n_workers, RELOADS, exact ? "" : ", no room for the streams");
	printf("# %lu packets, %lu events, %lu in windows, %lu uncounted, %lu alerts, words %lu of %lu, "
	       "datagrams %lu + %lu of %lu, with bits %lu; %lu parts cut, %lu over the budget, not taken %u, "
	       "after the end %u, %u sets still used\n",
	       sum.received, sum.events, rig.windows, sum.uncounted, rig.alerts, words, sum.words,
	       rig.by_sid[SID_ALPHA], rig.by_sid[SID_BETA], sum.datagrams, rig.by_sid[SID_FIRST],
	       sum.parts_cut, sum.over_budget, not_taken, after_the_end, rig.n_used);
	rig_close(&rig);
}

int main(void) {
	run(1, 8u << 20, true);
	run(RELOAD_WORKERS_MAX, 8u << 20, true);
	run(2, INSPECT_MEMORY_MIN, false);
	return tap_end();
}
