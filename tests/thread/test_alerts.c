// Alerts with real threads, for the thread sanitizer: workers that wait for room in small rings, an exporter
// that gives turns, and rule sets that are replaced and freed meanwhile. None is lost, all come in
// order, and none refers to a set that is gone.

#include "export/alerting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WORKERS_MAX 3
#define ALERTS 40000 // of each worker
#define SETS 40

struct rig {
	uint32_t n_workers;
	struct alert_ring rings[WORKERS_MAX];
	_Atomic(int64_t) horizon[WORKERS_MAX];
	_Atomic(uint32_t) adopted[WORKERS_MAX];
	_Atomic(bool) left[WORKERS_MAX];
	_Atomic(uint32_t) offered;
	struct rule_info *sets[SETS];
	struct alerting *alerting;
	_Atomic(bool) done;
	// the exporter's
	uint64_t out, misordered, wrong;
	int64_t newest;
};

struct seat {
	struct rig *rig;
	uint32_t index;
};

// One alert each microsecond; a horizon and a look at the rules every so often.
static void *work(void *arg) {
	struct seat *seat = arg;
	struct rig *rig = seat->rig;
	struct alert_ring *ring = &rig->rings[seat->index];
	uint32_t set = 0;
	for (uint32_t i = 0; i < ALERTS; i++) {
		uint32_t first;
		if (alert_ring_reserve(ring, 1, &first) == 0)
			abort();
		*alert_ring_slot(ring, first) = (struct alert){
			.time_us = i,
			.turn_us = i,
			.rule = rig->sets[set],
			.bytes = seat->index,
			.packets = 1,
		};
		alert_ring_commit(ring, 1);
		if (i % 61 != 0)
			continue;
		atomic_store_explicit(&rig->horizon[seat->index], i, memory_order_release);
		set = atomic_load_explicit(&rig->offered, memory_order_acquire);
		atomic_store_explicit(&rig->adopted[seat->index], set, memory_order_release);
	}
	atomic_store_explicit(&rig->horizon[seat->index], INT64_MAX, memory_order_release);
	atomic_store_explicit(&rig->left[seat->index], true, memory_order_release);
	return NULL;
}

static void take(void *ctx, const struct alert *a) {
	struct rig *rig = ctx;
	rig->out++;
	rig->misordered += a->turn_us < rig->newest;
	rig->newest = a->turn_us;
	// A set that was freed would not say this, and the sanitizers would say something else.
	rig->wrong += a->rule->gid != 7 || a->rule->sid >= SETS;
}

static void *export(void *arg) {
	struct rig *rig = arg;
	bool last;
	do {
		last = atomic_load(&rig->done);
		int64_t horizon = INT64_MAX;
		for (uint32_t i = 0; i < rig->n_workers; i++) {
			int64_t h = atomic_load_explicit(&rig->horizon[i], memory_order_acquire);
			horizon = h < horizon ? h : horizon;
		}
		if (alerting_step(rig->alerting, horizon, take, rig) == 0)
			usleep(50);
	} while (!last);
	return NULL;
}

static void await(struct rig *rig, uint32_t set) {
	for (uint32_t i = 0; i < rig->n_workers; i++)
		while (!atomic_load_explicit(&rig->left[i], memory_order_acquire)
		       && atomic_load_explicit(&rig->adopted[i], memory_order_acquire) < set)
			usleep(20);
}

static struct rule_info *make_set(uint32_t i) {
	struct rule_info *r = malloc(sizeof(*r));
	if (r == NULL)
		abort();
	*r = (struct rule_info){.gid = 7, .sid = i, .signature = "", .category = ""};
	return r;
}

// As a reload does: a new set, the old one freed when nothing refers to it.
static void replace_sets(struct rig *rig) {
	for (uint32_t i = 1; i < SETS; i++) {
		rig->sets[i] = make_set(i);
		atomic_store_explicit(&rig->offered, i, memory_order_release);
		await(rig, i);
		uint32_t ticket = alerting_retire(rig->alerting);
		while (!alerting_retired(rig->alerting, ticket))
			usleep(20);
		// A worker that has left may not have taken the newer ones.
		bool left = false;
		for (uint32_t k = 0; k < rig->n_workers; k++)
			left |= atomic_load_explicit(&rig->left[k], memory_order_acquire);
		if (left)
			break;
		free(rig->sets[i - 1]);
		rig->sets[i - 1] = NULL;
	}
}

static int run(int number, uint32_t n_workers, uint32_t depth) {
	static struct rig rig;
	struct seat seats[WORKERS_MAX];
	pthread_t workers[WORKERS_MAX], exporter;
	struct alert_ring *rings[WORKERS_MAX];
	rig = (struct rig){.n_workers = n_workers, .newest = INT64_MIN};
	rig.sets[0] = make_set(0);
	for (uint32_t i = 0; i < n_workers; i++) {
		rings[i] = &rig.rings[i];
		if (alert_ring_init(rings[i], depth, true) < 0)
			abort();
		atomic_store(&rig.horizon[i], INT64_MIN);
	}
	struct alerting_config c = {
		.rings = rings, .n_rings = n_workers, .waiting = WORKERS_MAX * ALERTS};
	hash_seed_fixed(&c.seed, 1);
	rig.alerting = alerting_new(&c);
	if (rig.alerting == NULL)
		abort();
	for (uint32_t i = 0; i < n_workers; i++) {
		seats[i] = (struct seat){&rig, i};
		if (pthread_create(&workers[i], NULL, work, &seats[i]) != 0)
			abort();
	}
	if (pthread_create(&exporter, NULL, export, &rig) != 0)
		abort();
	replace_sets(&rig);
	for (uint32_t i = 0; i < n_workers; i++)
		pthread_join(workers[i], NULL);
	atomic_store(&rig.done, true);
	pthread_join(exporter, NULL);
	uint64_t st[ALERTS_STAT_COUNT];
	alerting_stats(rig.alerting, st);
	bool good = rig.out == (uint64_t)n_workers * ALERTS && st[ALERTS_OUT] == rig.out
		&& rig.misordered == 0 && rig.wrong == 0;
	printf("%s %d - %u workers, rings of %u: no alert is lost, misplaced or out of its set\n",
	       good ? "ok" : "not ok", number, n_workers, depth);
	if (!good)
		printf("# out %lu misordered %lu wrong %lu\n", rig.out, rig.misordered, rig.wrong);
	alerting_free(rig.alerting);
	for (uint32_t i = 0; i < n_workers; i++)
		alert_ring_fini(&rig.rings[i]);
	for (uint32_t i = 0; i < SETS; i++)
		free(rig.sets[i]);
	return good ? 0 : 1;
}

int main(void) {
	int failed = 0, number = 0;
	printf("1..4\n");
	failed += run(++number, 1, 8);
	failed += run(++number, 2, 8);
	failed += run(++number, 3, 64);
	failed += run(++number, 3, ALERT_RING_DEPTH);
	return failed > 0;
}
