// Kernel mode and time: panes of ten milliseconds that rotate under programs running on two processors, a
// reader that is held up, UTC that is set. Needs root, no interface; prints TAP.

#include "kernel_rig.h"

#include "base/field.h"
#include "base/live_clock.h"
#include "packet/parse.h"

#include "frame.h"
#include "tap.h"
#include "xdp_test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS 1000000ull
#define SECOND (1000 * MS)
#define FLOWS 1500

static struct kernel_rig rig;

static void open_rig(uint64_t width_ns, uint32_t programs) {
	struct xdp_kernel_config c = {
		.n_programs = programs,
		.width_ns = width_ns,
		.fields = FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_IN_PORT),
		.tunnels = TUNNEL_ALL,
		.rows = 896,
		.memory = 64ull << 20,
	};
	kernel_rig_begin(&rig, &c);
}

static uint64_t received(void) {
	return rig.tally.value[TALLY_RECEIVED];
}

static uint64_t unplaced(void) {
	return kernel_rig_refused(&rig, REASON_NO_PANE);
}

// ---- programs that run beside the reader ----

struct sender {
	pthread_t thread;
	int cpu;
	uint32_t flows;
	_Atomic(bool) stop;
	uint64_t sent[FLOWS];
	uint64_t malformed;
	bool failed;
};

static void *send_all(void *arg) {
	struct sender *s = arg;
	struct frame *f = malloc(sizeof(*f));
	s->failed = f == NULL || !xdp_test_pin(s->cpu);
	for (uint32_t i = 0; !s->failed && !s->stop; i = (i + 1) % s->flows) {
		frame_ipv4_udp(f, "10.0.0.1", (uint16_t)i, "10.0.0.2", 2, "", 0);
		uint32_t times = 1 + i % 7;
		bool cut = i % 50 == 49;
		s->failed = !kernel_rig_run(
			&rig, (uint32_t)s->cpu, f->octet, cut ? 20 : f->len, (int)times
		);
		*(cut ? &s->malformed : &s->sent[i]) += times;
	}
	free(f);
	return NULL;
}

static uint64_t sum_of(const struct sender *s) {
	uint64_t sum = s->malformed;
	for (uint32_t i = 0; i < FLOWS; i++)
		sum += s->sent[i];
	return sum;
}

// Frames of any flow that were sent and are in no row of it. UINT64_MAX: one has more than was sent.
static uint64_t not_in_rows(const struct sender *s) {
	static uint64_t in_rows[2][FLOWS];
	uint64_t sum = 0;
	memset(in_rows, 0, sizeof(in_rows));
	for (uint32_t i = 0; i < rig.n_rows; i++)
		if (!(rig.row[i].key.flags & KEY_REST))
			in_rows[rig.row[i].key.in_port]
			       [rig.row[i].key.src_port] += rig.row[i].packets;
	for (uint32_t cpu = 0; cpu < 2; cpu++)
		for (uint32_t i = 0; i < FLOWS; i++) {
			if (in_rows[cpu][i] > s[cpu].sent[i])
				return UINT64_MAX;
			sum += s[cpu].sent[i] - in_rows[cpu][i];
		}
	return sum;
}

static void end_senders(struct sender *s) {
	s[0].stop = s[1].stop = true;
	pthread_join(s[0].thread, NULL);
	pthread_join(s[1].thread, NULL);
}

// `under_way`: the source is stopped while programs run.
static void run_beside(uint64_t width_ns, uint32_t flows, bool under_way) {
	static struct sender s[2];
	open_rig(width_ns, 2);
	uint64_t end = live_clock_mono_ns() + 3 * SECOND / 2;
	for (int i = 0; i < 2; i++) {
		s[i] = (struct sender){.cpu = i, .flows = flows};
		pthread_create(&s[i].thread, NULL, send_all, &s[i]);
	}
	bool read = true;
	while (read && live_clock_mono_ns() < end) {
		int n = kernel_rig_recv(&rig);
		read = n >= 0;
		if (n == 0)
			rig.source->ops->wait(rig.source, 5000);
	}
	uint64_t shed = unplaced();
	if (under_way)
		rig.source->ops->stop(rig.source);
	end_senders(s);
	read = read && kernel_rig_stop(&rig) == -ENODATA;
	uint64_t sent = sum_of(&s[0]) + sum_of(&s[1]);
	uint64_t rest = kernel_rig_sum(&rig, true).packets;
	uint64_t cut = kernel_rig_refused(&rig, REASON_IPV4_TRUNCATED);
	printf("# %llu frames in %u rows, %llu in rest rows, %llu unplaced, %llu of them early\n",
	       (unsigned long long)sent, rig.n_rows, (unsigned long long)rest,
	       (unsigned long long)unplaced(), (unsigned long long)shed);
	tap_ok(read && !s[0].failed && !s[1].failed && received() == sent
		       && kernel_rig_sum(&rig, false).packets + cut + unplaced() == sent,
	       "panes of %llu ms, %u flows%s: every frame of two processors is received and has "
	       "one fate",
	       (unsigned long long)(width_ns / MS), flows, under_way ? ", ended under way" : "");
	uint64_t malformed = s[0].malformed + s[1].malformed;
	tap_ok(not_in_rows(s) + malformed - cut == rest + unplaced(),
	       "panes of %llu ms, %u flows%s: each flow has what was sent of it, but for what is in rest "
	       "rows or unplaced",
	       (unsigned long long)(width_ns / MS), flows, under_way ? ", ended under way" : "");
	kernel_rig_close(&rig);
}

static void test_beside(void) {
	if (!xdp_test_two_processors()) {
		tap_skip("one processor only", "two processors count");
		return;
	}
	run_beside(10 * MS, 400, false);
	run_beside(10 * MS, FLOWS, true);
	run_beside(3600 * SECOND, 600, false);
	run_beside(3600 * SECOND, FLOWS, true);
}

// ---- a reader that is held up ----

static struct frame frame;

// The longest that a reader was kept from reading: a machine with other work may hold this one up.
static uint64_t longest_ns;

// Runs a frame again and again for so long, reading or not. How often.
static uint64_t run_for(uint64_t ns, bool read) {
	uint64_t n = 0, now = live_clock_mono_ns(), end = now + ns, last = now;
	for (; now < end; now = live_clock_mono_ns()) {
		n += kernel_rig_run(&rig, 0, frame.octet, frame.len, 1);
		if (read) {
			kernel_rig_recv(&rig);
			longest_ns = now - last > longest_ns ? now - last : longest_ns;
			last = now;
		}
		usleep(500);
	}
	return n;
}

// Nothing was shed, or the reader was held up for so long that something had to be.
static bool none_shed(void) {
	if (unplaced() > 0)
		printf("# %llu frames shed, the reader was held up for %llu ms\n",
		       (unsigned long long)unplaced(), (unsigned long long)(longest_ns / MS));
	return unplaced() == 0 || longest_ns >= 100 * MS;
}

static void test_held_up(void) {
	xdp_test_pin(0);
	open_rig(10 * MS, 1);
	longest_ns = 0;
	uint64_t sent = run_for(50 * MS, true);
	bool none_before = none_shed();
	sent += run_for(600 * MS, false);
	kernel_rig_recv(&rig);
	uint64_t during = unplaced();
	tap_ok(none_before && during > 0,
	       "what comes while the reader is held up for long is shed for want of a pane: %llu",
	       (unsigned long long)during);
	sent += run_for(300 * MS, true);
	uint64_t behind = unplaced();
	tap_ok(behind == during || longest_ns >= 100 * MS,
	       "one look of the reader, and frames have a pane again");
	kernel_rig_stop(&rig);
	tap_ok(received() == sent && kernel_rig_sum(&rig, false).packets == sent - behind,
	       "all are received, and counted but for those");
	kernel_rig_close(&rig);
}

// ---- UTC is set ----

static void test_clock(void) {
	const int64_t hour_us = 3600 * 1000000ll;
	xdp_test_pin(0);
	open_rig(10 * MS, 1);
	uint64_t sent = run_for(100 * MS, true);
	uint64_t mono;
	int64_t offset;
	longest_ns = 0;
	live_clock_read(&mono, &offset);
	kernel_rig_set_utc(3600 * (int64_t)SECOND);
	int64_t newest, now;
	// Where the reader hardly gets a processor it follows later.
	for (int tries = 0;; tries++) {
		sent += run_for(1300 * MS, true);
		newest = kernel_rig_sum(&rig, false).last_us;
		now = ((int64_t)live_clock_mono_ns() + offset) / 1000;
		if (newest > now + hour_us - 1000000 || tries == 8)
			break;
	}
	tap_ok(newest > now + hour_us - 1000000 && newest <= now + hour_us + 100,
	       "UTC set forward by an hour is followed");
	tap_ok(none_shed() && received() + 100 > sent && received() <= sent,
	       "and no frame is shed by it");
	kernel_rig_set_utc(0);
	uint32_t rows = rig.n_rows;
	sent += run_for(1300 * MS, true);
	int64_t last = kernel_rig_sum(&rig, false).last_us;
	bool forward = rig.n_rows > rows;
	for (uint32_t i = rows; i < rig.n_rows; i++)
		forward = forward && rig.row[i].first_us >= rig.row[rows - 1].first_us;
	tap_ok(forward && last > newest + 1000000, "UTC set back: event time goes on");
	kernel_rig_stop(&rig);
	tap_ok(none_shed() && received() == sent
		       && kernel_rig_sum(&rig, false).packets == sent - unplaced(),
	       "and every frame is counted, before and after");
	kernel_rig_close(&rig);
}

int main(void) {
	if (!xdp_test_ready())
		return 0;
	frame_ipv4_udp(&frame, "10.0.0.1", 1, "10.0.0.2", 2, "", 0);
	test_held_up();
	test_clock();
	test_beside();
	return tap_end();
}
