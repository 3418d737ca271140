// Observe mode's program, run by the kernel on frames made here (BPF_PROG_TEST_RUN), and the rings and the
// source that its frames come out of. Needs root, no interface; prints TAP.

#include "app/input/xdp_observe.h"
#include "app/input/xdp_observe_source.h"

#include "base/live_clock.h"
#include "packet/burst.h"

#include "tap.h"
#include "xdp_test.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING (1ull << 20)
#define FRAME_MAX 60000

static struct xdp_observe *open_observe(uint32_t programs, uint32_t rings, uint32_t snaplen) {
	struct err err = {0};
	struct xdp_observe *o = xdp_observe_open(programs, rings, RING, snaplen, &err);
	if (o == NULL)
		tap_bail_out("%s", err.text);
	return o;
}

static struct source *open_source(struct xdp_observe *o) {
	struct err err = {0};
	static struct live_clock clock;
	live_clock_init(&clock);
	struct source *src = xdp_observe_source(
		&(struct xdp_observe_part){.observe = o, .first = 0, .step = 1, .clock = &clock},
		&err
	);
	if (src == NULL || src->ops->attach(src) < 0)
		tap_bail_out("%s", err.text);
	return src;
}

// Octet k of frame number `seed`.
static uint8_t octet(uint32_t seed, uint32_t k) {
	return (uint8_t)(k * 7 + seed * 31 + (k >> 8));
}

// Runs the program on a frame, `repeat` times. What it returned; -1: the kernel does not run it.
static int run(struct xdp_observe *o, uint32_t program, uint32_t len, uint32_t seed, int repeat) {
	static uint8_t frame[FRAME_MAX];
	for (uint32_t k = 0; k < len; k++)
		frame[k] = octet(seed, k);
	LIBBPF_OPTS(
		bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .repeat = repeat
	);
	int rc = bpf_prog_test_run_opts(bpf_program__fd(xdp_observe_program(o, program)), &opts);
	return rc < 0 ? -1 : (int)opts.retval;
}

static bool holds(const struct packet *p, uint32_t seed) {
	for (uint32_t k = 0; k < p->head_len; k++)
		if (p->data[k] != octet(seed, k))
			return false;
	return true;
}

static struct burst *burst(void) {
	static struct burst b;
	return &b;
}

// Frames come out a moment after they went in. How many came within a while.
static int take(struct source *src) {
	for (int i = 0; i < 1000; i++) {
		int n = src->ops->recv(src, burst());
		if (n != 0)
			return n;
		usleep(10);
	}
	return 0;
}

static uint64_t missed(struct source *src) {
	struct source_stats stats;
	src->ops->stats(src, &stats);
	return stats.missed;
}

static void close_all(struct xdp_observe *o, struct source *src) {
	src->ops->detach(src);
	xdp_observe_source_free(src);
	xdp_observe_close(o);
}

#define EACH_CLASS(size) size,
static const uint32_t classes[] = {OBSERVE_CLASSES(EACH_CLASS)};

static void test_sizes(void) {
	struct xdp_observe *o = open_observe(1, 1, OBSERVE_SNAPLEN_MAX);
	struct source *src = open_source(o);
	struct burst *b = burst();
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		for (int d = -1; d <= 1; d++) {
			uint32_t len = classes[i] + (uint32_t)d;
			if (len > FRAME_MAX)
				continue;
			int64_t before = (int64_t)live_clock_mono_ns();
			int verdict = run(o, 0, len, len, 1);
			int64_t after = (int64_t)live_clock_mono_ns();
			if (verdict < 0) {
				tap_skip(
					"BPF_PROG_TEST_RUN of this kernel does not take it",
					"a frame of %u octets", len
				);
				continue;
			}
			int n = take(src);
			const struct packet *p = &b->pkt[0];
			uint64_t mono;
			int64_t offset;
			live_clock_read(&mono, &offset);
			bool stamped = p->time_us >= (before + offset) / 1000 - 100
				&& p->time_us <= (after + offset) / 1000 + 100;
			tap_ok(verdict == XDP_PASS && n == 1 && p->wire_len == len
				       && p->cap_len == len && p->head_len == len && holds(p, len)
				       && stamped,
			       "a frame of %u octets passes and comes out whole, with its time",
			       len);
			src->ops->release(src, b);
		}
	tap_ok(missed(src) == 0, "nothing was missed");
	close_all(o, src);
}

static void test_snaplen(void) {
	static const uint32_t snaplens[] = {64, 100, 1000, 2048};
	for (size_t i = 0; i < sizeof(snaplens) / sizeof(snaplens[0]); i++) {
		struct xdp_observe *o = open_observe(1, 1, snaplens[i]);
		struct source *src = open_source(o);
		struct burst *b = burst();
		bool ok = true;
		for (uint32_t len = snaplens[i] - 1; len <= snaplens[i] + 900; len += 3) {
			uint32_t cap = len < snaplens[i] ? len : snaplens[i];
			ok = ok && run(o, 0, len, 1, 1) == XDP_PASS && take(src) == 1
				&& b->pkt[0].wire_len == len && b->pkt[0].cap_len == cap
				&& holds(&b->pkt[0], 1);
			src->ops->release(src, b);
		}
		tap_ok(ok, "with a snap length of %u longer frames are cut and counted whole",
		       snaplens[i]);
		close_all(o, src);
	}
}

static void test_full(void) {
	struct xdp_observe *o = open_observe(1, 1, 2048);
	struct source *src = open_source(o);
	struct burst *b = burst();
	uint32_t sent = 20000, came = 0;
	tap_ok(run(o, 0, 60, 1, (int)sent) == XDP_PASS, "with a full ring frames still pass");
	uint64_t lost = missed(src);
	tap_ok(lost > 0 && lost < sent, "with a full ring frames are counted as missed");
	for (int n; (n = take(src)) > 0; src->ops->release(src, b))
		came += (uint32_t)n;
	tap_ok(came + lost == sent, "every frame came out or was counted: %u + %llu", came,
	       (unsigned long long)lost);
	tap_ok(run(o, 0, 60, 1, 100) == XDP_PASS && missed(src) == lost,
	       "a ring that was emptied takes frames again");
	for (int n; (n = take(src)) > 0; src->ops->release(src, b))
		came += (uint32_t)n;
	tap_ok(came + lost == sent + 100, "and they come out");
	close_all(o, src);
}

// What is taken and not released keeps its place; what comes back early waits for what is ahead.
static void test_order(void) {
	struct xdp_observe *o = open_observe(1, 1, 2048);
	struct source *src = open_source(o);
	struct burst *b = burst(), *kept = aligned_alloc(CACHE_LINE, sizeof(*kept));
	bool ok = true;
	uint32_t seed = 0;
	run(o, 0, 200, 999, 1);
	ok = take(src) == 1;
	memcpy(kept, b, sizeof(*kept));
	// Less than the ring holds, so that the first one is in nobody's way.
	for (uint32_t round = 0; round < 40; round++) {
		for (uint32_t i = 0; i < 50; i++)
			ok = ok && run(o, 0, 100 + i * 3, ++seed, 1) == XDP_PASS;
		ok = ok && take(src) == 50;
		for (uint32_t i = 0; i < 50 && ok; i++)
			ok = holds(&b->pkt[i], seed - 49 + i);
		// backwards
		for (uint32_t i = 0; i < 25; i++) {
			struct packet p = b->pkt[i];
			b->pkt[i] = b->pkt[49 - i];
			b->pkt[49 - i] = p;
		}
		src->ops->release(src, b);
	}
	tap_ok(ok && missed(src) == 0, "frames come out in order and are released in any order");
	tap_ok(holds(&kept->pkt[0], 999), "a frame stays as it is until it is released");
	tap_ok(o->ring[0].released == 0,
	       "nothing behind an unreleased frame goes back to the kernel");
	src->ops->release(src, kept);
	tap_ok(o->ring[0].released == o->ring[0].taken, "all goes back once the first is released");
	// Several times around the ring.
	for (uint32_t i = 0; i < 4000 && ok; i++) {
		ok = run(o, 0, 900 + i % 700, i, 1) == XDP_PASS && take(src) == 1
			&& holds(&b->pkt[0], i);
		src->ops->release(src, b);
	}
	tap_ok(ok && missed(src) == 0, "frames across the ring's end are in one piece");
	free(kept);
	close_all(o, src);
}

static void test_merge(void) {
	cpu_set_t before;
	if (sched_getaffinity(0, sizeof(before), &before) < 0 || !xdp_test_two_processors()) {
		tap_skip("one processor only", "processors' frames are merged");
		return;
	}
	struct xdp_observe *o = open_observe(1, 2, 2048);
	struct source *src = open_source(o);
	bool ok = true;
	uint32_t seed = 0, next = 0;
	for (int round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < 30; i++) {
			xdp_test_pin(i / 3 % 2);
			run(o, 0, 60, seed++, 1);
		}
		for (int n; next < seed && (n = take(src)) > 0; src->ops->release(src, burst()))
			for (int i = 0; i < n; i++)
				ok = ok && holds(&burst()->pkt[i], next++);
	}
	tap_ok(ok && next == seed && o->ring[0].taken > 0 && o->ring[1].taken > 0,
	       "frames of two processors come out in the order of their times");
	sched_setaffinity(0, sizeof(before), &before);
	close_all(o, src);
}

static void test_interfaces(void) {
	struct xdp_observe *o = open_observe(3, 1, 2048);
	struct source *src = open_source(o);
	bool ok = true;
	for (uint32_t i = 0; i < 3; i++)
		ok = ok && run(o, 2 - i, 60, i, 1) == XDP_PASS;
	ok = ok && take(src) == 3;
	for (uint32_t i = 0; i < 3; i++)
		ok = ok && burst()->pkt[i].in_port == 2 - i && holds(&burst()->pkt[i], i);
	tap_ok(ok, "each interface's program says whose frame it is");
	src->ops->release(src, burst());
	close_all(o, src);
}

static void *send_later(void *arg) {
	usleep(100000);
	run(arg, 0, 1500, 1, 200);
	return NULL;
}

static void test_wait(void) {
	struct xdp_observe *o = open_observe(1, 1, 2048);
	struct source *src = open_source(o);
	pthread_t thread;
	run(o, 0, 60, 1, 10);
	uint64_t t0 = live_clock_mono_ns();
	src->ops->wait(src, 50000);
	uint64_t t1 = live_clock_mono_ns();
	tap_ok(t1 - t0 >= 45000000 && t1 - t0 < 1000000000,
	       "frames gather while the reader sleeps");
	pthread_create(&thread, NULL, send_later, o);
	src->ops->wait(src, 5000000);
	uint64_t t2 = live_clock_mono_ns();
	tap_ok(t2 - t1 < 3000000000, "a ring that fills wakes its reader");
	pthread_join(thread, NULL);
	src->ops->wait(src, 5000000);
	tap_ok(live_clock_mono_ns() - t2 < 3000000000,
	       "a reader of a ring that has filled does not sleep");
	uint32_t came = 0;
	for (int n; (n = take(src)) > 0; src->ops->release(src, burst()))
		came += (uint32_t)n;
	tap_ok(came == 210, "and finds all frames");
	int64_t newest = src->newest_us;
	usleep(200000);
	tap_ok(src->ops->recv(src, burst()) == 0 && src->newest_us > newest,
	       "without frames event time goes on");
	run(o, 0, 60, 1, 7);
	src->ops->detach(src);
	tap_ok(missed(src) == 7, "frames that nobody took are missed at the end");
	xdp_observe_source_free(src);
	xdp_observe_close(o);
}

int main(void) {
	if (!xdp_test_ready())
		return 0;
	test_sizes();
	test_snaplen();
	test_full();
	test_order();
	test_merge();
	test_interfaces();
	test_wait();
	return tap_end();
}
