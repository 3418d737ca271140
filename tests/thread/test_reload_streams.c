// Rule sets that change without pause while workers follow TCP streams, for the sanitizers: what both sets
// look for is found where it ends, however it is cut; what one of them looks for is looked for by exactly
// one; every event is an alert and in a window; and every set comes back, of workers that ended early, too.

#include "base/field.h"
#include "export/alerting.h"
#include "make_engine.h"
#include "pipeline/worker.h"
#include "talk_source.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS_MAX 3
#define RELOADS 60
#define EARLY_AT 20 // reloads behind which one worker's input ends
#define RETIRED 64
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
	uint32_t n_workers;
	struct worker *workers;
	struct talk_source *sources;
	struct source *worker_source[WORKERS_MAX];
	struct alerting *alerting;
	struct match_engine *engine; // in force
	// Sets that were in force, as long as a worker needs them.
	struct {
		struct match_engine *engine;
		uint32_t users;
	} used[MATCH_SETS_MAX];
	uint32_t n_used;
	struct {
		struct match_engine *engine;
		uint32_t ticket;
	} retired[RETIRED];
	uint32_t n_retired;
	_Atomic(uint32_t) finished;
	// the exporter's
	uint64_t by_sid[SIDS];
	uint64_t alerts;
	uint64_t windows; // matches in them
	bool unknown_rule;
};

struct seat {
	struct rig *rig;
	uint32_t index;
};

static void must(bool good, const char *what) {
	if (good)
		return;
	printf("Bail out! %s\n", what);
	exit(1);
}

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

static void *work(void *arg) {
	struct seat *seat = arg;
	while (worker_step(&seat->rig->workers[seat->index]) >= 0)
		;
	atomic_fetch_add(&seat->rig->finished, 1);
	return NULL;
}

static void take_alert(void *ctx, const struct alert *a) {
	struct rig *rig = ctx;
	rig->alerts++;
	if (a->rule->sid < SIDS && a->rule->signature != NULL && a->rule->gid == 1)
		rig->by_sid[a->rule->sid]++;
	else
		rig->unknown_rule = true;
}

static int64_t horizon(struct rig *rig) {
	int64_t least = INT64_MAX;
	for (uint32_t i = 0; i < rig->n_workers; i++) {
		int64_t us = atomic_load_explicit(
			&rig->workers[i].panes.horizon_us, memory_order_acquire
		);
		least = us < least ? us : least;
	}
	return least;
}

static uint32_t take_panes(struct rig *rig) {
	uint32_t n = 0;
	for (uint32_t i = 0; i < rig->n_workers; i++) {
		struct pane *pane;
		for (; (pane = pane_store_take(&rig->workers[i].panes)) != NULL; n++) {
			for (uint32_t k = 0; k < pane->table.flows; k++)
				rig->windows += pane->table.rows[k].matches;
			pane_store_return(&rig->workers[i].panes, pane);
		}
	}
	return n;
}

static void *export(void *arg) {
	struct rig *rig = arg;
	while (atomic_load(&rig->finished) < rig->n_workers)
		if (alerting_step(rig->alerting, horizon(rig), take_alert, rig) + take_panes(rig)
		    == 0)
			usleep(50);
	take_panes(rig);
	while (alerting_step(rig->alerting, INT64_MAX, take_alert, rig) > 0)
		;
	return NULL;
}

static void rig_open(struct rig *rig, uint32_t n_workers, uint64_t memory, uint32_t flows) {
	*rig = (struct rig){.n_workers = n_workers, .engine = compile_nth(0)};
	rig->workers = aligned_alloc(CACHE_LINE, n_workers * sizeof(*rig->workers));
	rig->sources = calloc(n_workers, sizeof(*rig->sources));
	must(rig->workers != NULL && rig->sources != NULL, "memory");
	struct alert_ring *rings[WORKERS_MAX];
	for (uint32_t i = 0; i < n_workers; i++) {
		struct talk_source *s = &rig->sources[i];
		talk_source_init(s, (uint8_t)i, flows);
		rig->worker_source[i] = &s->source;
		struct worker_config wc = {
			.sources = &rig->worker_source[i],
			.n_sources = 1,
			.intake = {.tunnels = TUNNEL_ALL},
			.match =
				{.engine = rig->engine,
				 .inspect =
					 {.streams = true,
					  .midstream = true,
					  .checksums = CHECKSUM_MODE_IGNORE,
					  .memory = memory,
					  .mem = mem_pages()}},
			.fields = FIELD_BIT(FIELD_PROTO),
			.panes =
				{.width_us = 1000000,
				 .active = 2,
				 .spares = 2,
				 .rows = 64,
				 .patient = true,
				 .mem = mem_pages()},
			.alerts = 4096,
		};
		hash_seed_fixed(&wc.intake.seed, 1);
		wc.seed = wc.match.inspect.seed = wc.intake.seed;
		must(worker_init(&rig->workers[i], &wc) == 0, "worker");
		rings[i] = &rig->workers[i].alerts;
	}
	struct alerting_config ac = {
		.rings = rings, .n_rings = n_workers, .waiting = ALERTS_WAITING};
	hash_seed_fixed(&ac.seed, 1);
	rig->alerting = alerting_new(&ac);
	must(rig->alerting != NULL, "alerting");
}

static void free_retired(struct rig *rig) {
	while (rig->n_retired > 0 && alerting_retired(rig->alerting, rig->retired[0].ticket)) {
		match_engine_free(rig->retired[0].engine);
		memmove(rig->retired, rig->retired + 1, --rig->n_retired * sizeof(rig->retired[0]));
	}
}

static void one_user_less(struct rig *rig, const struct match_engine *engine) {
	for (uint32_t i = 0; i < rig->n_used; i++) {
		if (rig->used[i].engine != engine || --rig->used[i].users > 0)
			continue;
		while (rig->n_retired == RETIRED) {
			free_retired(rig);
			usleep(20);
		}
		match_engine_unload(rig->used[i].engine);
		rig->retired[rig->n_retired].engine = rig->used[i].engine;
		rig->retired[rig->n_retired++].ticket = alerting_retire(rig->alerting);
		rig->used[i] = rig->used[--rig->n_used];
		return;
	}
}

static void take_back(struct rig *rig) {
	for (uint32_t i = 0; i < rig->n_workers; i++) {
		struct match_set set;
		while (worker_give_back(&rig->workers[i], &set)) {
			one_user_less(rig, set.engine);
			match_set_fini(&set);
		}
	}
	free_retired(rig);
}

// As the control thread does it. Returns how many workers took the set.
static uint32_t reload(struct rig *rig, struct match_engine *m) {
	bool adopted, pending[WORKERS_MAX];
	uint32_t n_adopted = 0, n_pending = rig->n_workers, *map;
	bool same;
	must(match_engine_map(rig->engine, m, &map, &same) == 0, "memory");
	for (uint32_t i = 0; i < rig->n_workers; i++) {
		pending[i] = true;
		struct match_set set = {m, match_work_new(m), map, same};
		must(set.work != NULL, "memory");
		worker_offer(&rig->workers[i], set);
	}
	while (n_pending > 0) {
		for (uint32_t i = 0; i < rig->n_workers; i++) {
			struct match_set back;
			if (!pending[i] || !worker_offer_done(&rig->workers[i], &adopted, &back))
				continue;
			pending[i] = false;
			n_pending--;
			n_adopted += adopted;
			must(back.engine == (adopted ? NULL : m), "the set given back");
			match_set_fini(&back);
		}
		usleep(20);
	}
	free(map); // no worker looks at it any more
	if (n_adopted == 0) {
		match_engine_free(m);
		return 0;
	}
	rig->used[rig->n_used].engine = rig->engine;
	rig->used[rig->n_used++].users = n_adopted;
	rig->engine = m;
	take_back(rig);
	while (rig->n_used == MATCH_SETS_MAX) {
		usleep(100);
		take_back(rig);
	}
	return n_adopted;
}

static void rig_close(struct rig *rig) {
	alerting_free(rig->alerting);
	for (uint32_t i = 0; i < rig->n_workers; i++)
		worker_fini(&rig->workers[i]);
	while (rig->n_retired > 0)
		match_engine_free(rig->retired[--rig->n_retired].engine);
	while (rig->n_used > 0)
		match_engine_free(rig->used[--rig->n_used].engine);
	free(rig->workers);
	free(rig->sources);
	match_engine_free(rig->engine);
}

struct sum {
	uint64_t received, events, uncounted, dropped, parts_cut, over_budget, words, datagrams;
};

static void add_up(struct rig *rig, struct sum *sum) {
	*sum = (struct sum){};
	for (uint32_t i = 0; i < rig->n_workers; i++) {
		struct worker *w = &rig->workers[i];
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

static int run(int number, uint32_t n_workers, uint64_t memory, bool exact) {
	struct rig rig;
	struct seat seats[WORKERS_MAX];
	pthread_t worker[WORKERS_MAX], exporter;
	uint32_t not_taken = 0;
	rig_open(&rig, n_workers, memory, exact ? TALK_FLOWS : TALK_FLOWS_MAX);
	for (uint32_t i = 0; i < n_workers; i++) {
		seats[i] = (struct seat){&rig, i};
		must(pthread_create(&worker[i], NULL, work, &seats[i]) == 0, "thread");
	}
	must(pthread_create(&exporter, NULL, export, &rig) == 0, "thread");
	uint32_t live = n_workers;
	for (uint32_t n = 1; n <= RELOADS; n++) {
		if (n == EARLY_AT && n_workers > 1) {
			atomic_store(&rig.sources[--live].end, true);
			pthread_join(worker[live], NULL);
		}
		for (uint32_t i = 0; i < live; i++)
			atomic_fetch_add(&rig.sources[i].allowed, PACKETS);
		not_taken += reload(&rig, compile_nth(n)) != live;
	}
	for (uint32_t i = 0; i < live; i++)
		atomic_store(&rig.workers[i].stop, true);
	// While they end: some may take it, some not.
	reload(&rig, compile_nth(RELOADS + 1));
	for (uint32_t i = 0; i < live; i++)
		pthread_join(worker[i], NULL);
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
	printf("%s %d - %u workers, %d reloads%s: what both sets have is found wherever it ends, "
	       "and every set comes back\n",
	       good ? "ok" : "not ok", number, n_workers, RELOADS,
	       exact ? "" : ", no room for the streams");
	printf("# %lu packets, %lu events, %lu in windows, %lu uncounted, %lu alerts, words %lu of %lu, "
	       "datagrams %lu + %lu of %lu, with bits %lu; %lu parts cut, %lu over the budget, not taken %u, "
	       "after the end %u, %u sets still used\n",
	       sum.received, sum.events, rig.windows, sum.uncounted, rig.alerts, words, sum.words,
	       rig.by_sid[SID_ALPHA], rig.by_sid[SID_BETA], sum.datagrams, rig.by_sid[SID_FIRST],
	       sum.parts_cut, sum.over_budget, not_taken, after_the_end, rig.n_used);
	rig_close(&rig);
	return !good;
}

int main(void) {
	printf("1..3\n");
	int failed = run(1, 1, 8u << 20, true);
	failed += run(2, WORKERS_MAX, 8u << 20, true);
	failed += run(3, 2, INSPECT_MEMORY_MIN, false);
	return failed > 0;
}
