// Rule sets that change while workers scan, for the thread sanitizer: every packet is scanned by exactly
// one set, what both sets find is found in every packet, alerts speak of rules that are still there,
// and a worker that has ended gives back what it was offered.

#include "base/field.h"
#include "export/alerting.h"
#include "frame.h"
#include "make_engine.h"
#include "pipeline/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORKERS_MAX 3
#define PACKETS 64
#define RELOADS 100
#define RETIRED 8

// The packets again and again, 1 us apart, until the worker is told to stop.
struct endless_source {
	struct source source; // first
	const struct packet *packets;
	int64_t now_us;
};

static int endless_recv(struct source *src, struct burst *b) {
	struct endless_source *s = (struct endless_source *)src;
	b->n = 1 + (uint32_t)(s->now_us % PACKETS);
	for (uint32_t i = 0; i < b->n; i++) {
		b->pkt[i] = s->packets[i];
		b->pkt[i].time_us = s->now_us++;
	}
	return (int)b->n;
}

static void endless_release(struct source *src, struct burst *b) {}

static const struct source_ops endless_ops = {.recv = endless_recv, .release = endless_release};

struct rig {
	uint32_t n_workers;
	struct worker *workers;
	struct endless_source sources[WORKERS_MAX];
	struct source *worker_source[WORKERS_MAX];
	struct alerting *alerting;
	struct match_engine *engine; // in force
	struct {
		struct match_engine *engine;
		uint32_t ticket;
	} retired[RETIRED];
	uint32_t n_retired;
	_Atomic(uint32_t) finished;
	// the exporter's
	uint64_t by_rule[4];
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

static struct match_engine *compile(const char *rules) {
	return make_engine(rules, NULL, false);
}

// Both find two things in a packet; 1 is in both sets.
static struct match_engine *compile_nth(uint32_t n) {
	return compile(
		n % 2 == 0 ? "1:/common/\n2:/alpha/\n" : "9:/nowhere/\n3:/beta/\n1:/common/\n"
	);
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
	uint32_t sid = a->rule->sid;
	if (sid < 4 && strchr("cab", a->rule->signature[strcspn(a->rule->signature, "cab")]))
		rig->by_rule[sid]++;
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

static void *export(void *arg) {
	struct rig *rig = arg;
	while (atomic_load(&rig->finished) < rig->n_workers)
		if (alerting_step(rig->alerting, horizon(rig), take_alert, rig) == 0)
			usleep(50);
	alerting_step(rig->alerting, INT64_MAX, take_alert, rig);
	return NULL;
}

static void rig_open(struct rig *rig, uint32_t n_workers, const struct packet *packets) {
	*rig = (struct rig){.n_workers = n_workers, .engine = compile_nth(0)};
	rig->workers = aligned_alloc(CACHE_LINE, n_workers * sizeof(*rig->workers));
	must(rig->workers != NULL, "memory");
	struct alert_ring *rings[WORKERS_MAX];
	for (uint32_t i = 0; i < n_workers; i++) {
		rig->sources[i] = (struct endless_source){
			.source = {.ops = &endless_ops, .newest_us = INT64_MIN, .patient = true},
			.packets = packets,
		};
		rig->worker_source[i] = &rig->sources[i].source;
		struct worker_config wc = {
			.sources = &rig->worker_source[i],
			.n_sources = 1,
			.intake = {.tunnels = TUNNEL_ALL},
			.match =
				{.engine = rig->engine,
				 .plain = true,
				 .inspect = {.memory = INSPECT_MEMORY_MIN, .mem = mem_pages()}},
			.fields = FIELD_BIT(FIELD_PROTO),
			.panes =
				{.width_us = PANE_WIDTH_MAX_US,
				 .active = 2,
				 .spares = 2,
				 .rows = 64,
				 .patient = true,
				 .mem = mem_pages()},
			.alerts = 4096,
		};
		hash_seed_fixed(&wc.intake.seed, 1);
		wc.seed = wc.intake.seed;
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

// As the control thread does it. Returns how many workers took the set.
static uint32_t reload(struct rig *rig, struct match_engine *m) {
	bool adopted, pending[WORKERS_MAX];
	uint32_t n_adopted = 0, n_pending = rig->n_workers;
	for (uint32_t i = 0; i < rig->n_workers; i++) {
		pending[i] = true;
		const struct match_set set = {.engine = m, .work = match_work_new(m)};
		worker_offer(&rig->workers[i], set);
	}
	while (n_pending > 0) {
		for (uint32_t i = 0; i < rig->n_workers; i++) {
			struct match_set old;
			if (!pending[i] || !worker_offer_done(&rig->workers[i], &adopted, &old))
				continue;
			pending[i] = false;
			n_pending--;
			n_adopted += adopted;
			// Patterns in block mode leave nothing behind: the one before is there at once.
			must(!adopted || worker_give_back(&rig->workers[i], &old),
			     "a set is given back");
			must(old.engine == (adopted ? rig->engine : m), "the set given back");
			match_set_fini(&old);
		}
		usleep(20);
	}
	struct match_engine *unused = n_adopted > 0 ? rig->engine : m;
	if (n_adopted > 0)
		rig->engine = m;
	while (rig->n_retired == RETIRED) {
		free_retired(rig);
		usleep(20);
	}
	rig->retired[rig->n_retired].engine = unused;
	rig->retired[rig->n_retired++].ticket = alerting_retire(rig->alerting);
	free_retired(rig);
	return n_adopted;
}

static void rig_close(struct rig *rig) {
	alerting_free(rig->alerting);
	while (rig->n_retired > 0)
		match_engine_free(rig->retired[--rig->n_retired].engine);
	for (uint32_t i = 0; i < rig->n_workers; i++)
		worker_fini(&rig->workers[i]);
	free(rig->workers);
	match_engine_free(rig->engine);
}

static int run(int number, uint32_t n_workers, const struct packet *packets) {
	struct rig rig;
	struct seat seats[WORKERS_MAX];
	pthread_t worker[WORKERS_MAX], exporter;
	uint32_t not_taken = 0;
	rig_open(&rig, n_workers, packets);
	for (uint32_t i = 0; i < n_workers; i++) {
		seats[i] = (struct seat){&rig, i};
		must(pthread_create(&worker[i], NULL, work, &seats[i]) == 0, "thread");
	}
	must(pthread_create(&exporter, NULL, export, &rig) == 0, "thread");
	for (uint32_t n = 1; n <= RELOADS; n++) {
		not_taken += reload(&rig, compile_nth(n)) != n_workers;
		usleep(200);
	}
	for (uint32_t i = 0; i < n_workers; i++)
		atomic_store(&rig.workers[i].stop, true);
	// While they end: some may take it, some not.
	reload(&rig, compile_nth(RELOADS + 1));
	for (uint32_t i = 0; i < n_workers; i++)
		pthread_join(worker[i], NULL);
	pthread_join(exporter, NULL);
	uint32_t after_the_end = reload(&rig, compile_nth(0));

	uint64_t received = 0, events = 0, dropped = 0;
	for (uint32_t i = 0; i < n_workers; i++) {
		struct tally t;
		worker_tally(&rig.workers[i], &t);
		received += t.value[TALLY_RECEIVED];
		events += t.value[TALLY_MATCH_EVENTS];
		dropped += t.value[TALLY_ALERTS_DROPPED];
	}
	bool good = not_taken == 0 && after_the_end == 0 && events == 2 * received
		&& rig.by_rule[1] == received && rig.by_rule[2] + rig.by_rule[3] == received
		&& rig.by_rule[2] > 0 && rig.by_rule[3] > 0 && !rig.unknown_rule && dropped == 0;
	printf("%s %d - %u workers, %d reloads: one set a packet, and its alerts\n",
	       good ? "ok" : "not ok", number, n_workers, RELOADS);
	if (!good)
		printf("# received %lu events %lu dropped %lu alerts %lu %lu %lu unknown %d not taken %u "
		       "after the end %u\n",
		       received, events, dropped, rig.by_rule[1], rig.by_rule[2], rig.by_rule[3],
		       rig.unknown_rule, not_taken, after_the_end);
	rig_close(&rig);
	return !good;
}

int main(void) {
	static struct frame frame;
	struct packet *packets = calloc(PACKETS, sizeof(*packets));
	static const char text[] = "common, alpha and beta";
	must(packets != NULL, "memory");
	frame_ipv4_udp(&frame, "10.0.0.1", 1, "10.0.0.2", 2, text, sizeof(text));
	for (uint32_t i = 0; i < PACKETS; i++)
		frame_packet(&frame, &packets[i], 0);
	printf("1..2\n");
	int failed = run(1, 1, packets);
	failed += run(2, WORKERS_MAX, packets);
	free(packets);
	return failed > 0;
}
