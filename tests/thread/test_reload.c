// Rule sets that change while workers scan, for the thread sanitizer: every packet is scanned by exactly
// one set, what both sets find is found in every packet, alerts speak of rules that are still there,
// and a worker that has ended gives back what it was offered.

#include "frame.h"
#include "make_engine.h"
#include "reload_rig.h"
#include "tap.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACKETS 64
#define RELOADS 100

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
	struct reload_rig reload;
	struct endless_source sources[RELOAD_WORKERS_MAX];
	// the exporter's
	uint64_t by_rule[4];
	bool unknown_rule;
};

static struct match_engine *compile(const char *rules) {
	return make_engine(rules, NULL, false);
}

// Both find two things in a packet; 1 is in both sets.
static struct match_engine *compile_nth(uint32_t n) {
	return compile(
		n % 2 == 0 ? "1:/common/\n2:/alpha/\n" : "9:/nowhere/\n3:/beta/\n1:/common/\n"
	);
}

static void take_alert(void *ctx, const struct alert *a) {
	struct rig *rig = ctx;
	uint32_t sid = a->rule->sid;
	if (sid < 4 && strchr("cab", a->rule->signature[strcspn(a->rule->signature, "cab")]))
		rig->by_rule[sid]++;
	else
		rig->unknown_rule = true;
}

static void *export(void *arg) {
	struct rig *rig = arg;
	struct reload_rig *r = &rig->reload;
	while (atomic_load(&r->finished) < r->n_workers)
		if (alerting_step(r->alerting, reload_rig_horizon(r), take_alert, rig) == 0)
			usleep(50);
	alerting_step(r->alerting, INT64_MAX, take_alert, rig);
	return NULL;
}

static void rig_open(struct rig *rig, uint32_t n_workers, const struct packet *packets) {
	const struct worker_config wc = {
		.match =
			{.plain = true,
			 .inspect = {.memory = INSPECT_MEMORY_MIN, .mem = mem_pages()}},
		.panes =
			{.width_us = PANE_WIDTH_MAX_US,
			 .active = 2,
			 .spares = 2,
			 .rows = 64,
			 .patient = true,
			 .mem = mem_pages()},
	};
	*rig = (struct rig){};
	reload_rig_open(&rig->reload, n_workers, compile_nth(0));
	for (uint32_t i = 0; i < n_workers; i++) {
		rig->sources[i] = (struct endless_source){
			.source = {.ops = &endless_ops, .newest_us = INT64_MIN, .patient = true},
			.packets = packets,
		};
		reload_rig_add(&rig->reload, i, &rig->sources[i].source, &wc);
	}
	reload_rig_start(&rig->reload);
}

// Patterns in block mode leave nothing behind: the one before is there at once.
static void take_back(struct reload_rig *r, struct worker *w) {
	struct match_set old;
	reload_must(worker_give_back(w, &old), "a set is given back");
	reload_must(old.engine == r->engine, "the set given back");
	match_set_fini(&old);
}

// Returns how many workers took the set.
static uint32_t reload(struct reload_rig *r, struct match_engine *m) {
	uint32_t n_adopted = reload_rig_offer(r, (struct match_set){.engine = m}, take_back);
	reload_rig_retire(r, n_adopted > 0 ? r->engine : m);
	if (n_adopted > 0)
		r->engine = m;
	reload_rig_free_retired(r);
	return n_adopted;
}

static void run(uint32_t n_workers, const struct packet *packets) {
	struct rig rig;
	struct reload_rig *r = &rig.reload;
	pthread_t exporter;
	uint32_t not_taken = 0;
	rig_open(&rig, n_workers, packets);
	reload_must(pthread_create(&exporter, NULL, export, &rig) == 0, "thread");
	for (uint32_t n = 1; n <= RELOADS; n++) {
		not_taken += reload(r, compile_nth(n)) != n_workers;
		usleep(200);
	}
	for (uint32_t i = 0; i < n_workers; i++)
		atomic_store(&r->workers[i].stop, true);
	// While they end: some may take it, some not.
	reload(r, compile_nth(RELOADS + 1));
	for (uint32_t i = 0; i < n_workers; i++)
		reload_rig_join(r, i);
	pthread_join(exporter, NULL);
	uint32_t after_the_end = reload(r, compile_nth(0));

	uint64_t received = 0, events = 0, dropped = 0;
	for (uint32_t i = 0; i < n_workers; i++) {
		struct tally t;
		worker_tally(&r->workers[i], &t);
		received += t.value[TALLY_RECEIVED];
		events += t.value[TALLY_MATCH_EVENTS];
		dropped += t.value[TALLY_ALERTS_DROPPED];
	}
	bool good = not_taken == 0 && after_the_end == 0 && events == 2 * received
		&& rig.by_rule[1] == received && rig.by_rule[2] + rig.by_rule[3] == received
		&& rig.by_rule[2] > 0 && rig.by_rule[3] > 0 && !rig.unknown_rule && dropped == 0;
	tap_ok(good, "%u workers, %d reloads: one set a packet, and its alerts", n_workers,
	       RELOADS);
	if (!good)
		printf("# received %lu events %lu dropped %lu alerts %lu %lu %lu unknown %d not taken %u "
		       "after the end %u\n",
		       received, events, dropped, rig.by_rule[1], rig.by_rule[2], rig.by_rule[3],
		       rig.unknown_rule, not_taken, after_the_end);
	reload_rig_close(r);
}

int main(void) {
	static struct frame frame;
	struct packet *packets = calloc(PACKETS, sizeof(*packets));
	static const char text[] = "common, alpha and beta";
	reload_must(packets != NULL, "memory");
	frame_ipv4_udp(&frame, "10.0.0.1", 1, "10.0.0.2", 2, text, sizeof(text));
	for (uint32_t i = 0; i < PACKETS; i++)
		frame_packet(&frame, &packets[i], 0);
	run(1, packets);
	run(RELOAD_WORKERS_MAX, packets);
	free(packets);
	return tap_end();
}
