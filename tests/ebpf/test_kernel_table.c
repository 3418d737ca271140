// Kernel mode's tables: what fits, what does not, how large they are, what comes out at the end and
// when they can be replaced no more, and processors that have none. Needs root, no interface; prints TAP.

#include "kernel_rig.h"

#include "base/field.h"
#include "packet/tunnel.h"

#include "frame.h"
#include "tap.h"
#include "xdp_test.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define HOUR_NS 3600000000000ull
#define MEGA (1ull << 20)

static const struct xdp_kernel_config usual = {
	.n_programs = 1,
	.width_ns = HOUR_NS,
	.fields = FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_SRC_IP),
	.tunnels = TUNNEL_ALL,
	.rows = 896,
	.memory = 64 * MEGA,
};

static struct kernel_rig rig;

static bool run(const struct frame *f, int repeat) {
	return kernel_rig_run(&rig, 0, f->octet, f->len, repeat);
}

// ---- full tables ----

// One of many flows, by its source address: every third one is IPv6.
static void make_flow(struct frame *f, uint32_t i) {
	char src[32];
	snprintf(
		src, sizeof(src), i % 3 == 0 ? "fd00::%x:0" : "10.0.%u.%u", i % 3 == 0 ? i : i >> 8,
		i & 0xff
	);
	if (i % 3 == 0)
		frame_ipv6_udp(f, src, 1, "fd00::2", 2, "", 0);
	else
		frame_ipv4_udp(f, src, 1, "10.1.0.2", 2, "", 0);
}

static uint32_t number_of(const struct counted *c) {
	const uint8_t *at = c->key.flags & KEY_V6 ? c->key.src6 + 12 : c->key.src4 + 2;
	return (uint32_t)at[0] << 8 | at[1];
}

// Twice as many flows as there is room for, several rounds: each map is used more than once.
static void test_full(void) {
	enum {
		FLOWS = 2000,
		ROUNDS = 8,
		PASSES = 3
	};
	static struct frame flow[FLOWS];
	static uint32_t seen[FLOWS];
	struct xdp_kernel_config c = usual;
	bool once = true, rest = true, whole = true;
	xdp_test_pin(0);
	kernel_rig_begin(&rig, &c);
	uint32_t limit = rig.kernel->panes.config.limit;
	for (uint32_t i = 0; i < FLOWS; i++)
		make_flow(&flow[i], i);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		kernel_rig_forget(&rig);
		memset(seen, 0, sizeof(seen));
		for (uint32_t pass = 0; pass < PASSES; pass++)
			for (uint32_t i = 0; i < FLOWS; i++)
				run(&flow[(i * 7 + round * 100) % FLOWS], 1);
		while (rig.tally.value[TALLY_RECEIVED] < FLOWS * PASSES)
			if (kernel_rig_recv(&rig) < 0)
				break;
		uint32_t rows = 0;
		for (uint32_t i = 0; i < rig.n_rows; i++) {
			const struct counted *r = &rig.row[i];
			if (r->key.flags & KEY_REST)
				continue;
			rows++;
			once = once && number_of(r) < FLOWS && seen[number_of(r)]++ == 0
				&& r->packets == PASSES
				&& r->frame_bytes == (uint64_t)flow[number_of(r)].len * PASSES;
		}
		once = once && rows == limit;
		rest = rest && kernel_rig_sum(&rig, true).packets == (FLOWS - limit) * PASSES
			&& rig.n_rows == limit + 1;
		whole = whole && kernel_rig_sum(&rig, false).packets == FLOWS * PASSES;
	}
	tap_ok(once, "a region filled to its limit has each of %u flows in one row", limit);
	tap_ok(rest, "what comes beyond is in the rest row, and counted");
	tap_ok(whole && rig.broken == NULL, "and so it is when the maps are used again");
	kernel_rig_close(&rig);
}

// Another row's counter cannot wrap before the region's.
static void test_wrap(void) {
	static struct frame f;
	struct xdp_kernel_config c = usual;
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "", 0);
	xdp_test_pin(0);
	kernel_rig_begin(&rig, &c);
	run(&f, 1);
	struct xdp_panes *p = &rig.kernel->panes;
	for (uint32_t i = 0; i < p->config.installed; i++) {
		struct xdp_pane_map *m = &p->map[p->installed[i]];
		struct kernel_head *head = (struct kernel_head *)xdp_panes_region(p, m, 0);
		if (head->received == 0)
			continue;
		struct kernel_line *region = xdp_panes_region(p, m, 0);
		uint32_t slot = *(uint32_t *)(region + KERNEL_LINE_USED);
		((struct kernel_row *)(region + KERNEL_LINE_ROWS(p->config.slots) + slot))
			->packets = UINT32_MAX - 1;
		head->received = KERNEL_FRAMES_MAX - 1;
	}
	run(&f, 10);
	kernel_rig_stop(&rig);
	tap_ok(rig.n_rows == 1 && rig.row[0].packets == UINT32_MAX
		       && kernel_rig_refused(&rig, REASON_NO_PANE) == 9,
	       "a region that can count no further sheds");
	kernel_rig_close(&rig);
}

// ---- sizes ----

static uint64_t octets(const struct xdp_panes_config *c) {
	return (uint64_t)(c->installed + c->spares) * c->regions * KERNEL_REGION_LINES(c->slots)
		* sizeof(struct kernel_line);
}

static void test_sizes(void) {
	static const uint64_t widths_ms[] = {10, 20, 50, 100, 200, 500, 1000, 60000, 3600000};
	bool ok = true;
	for (size_t i = 0; i < sizeof(widths_ms) / sizeof(widths_ms[0]); i++) {
		uint32_t installed, spares;
		uint64_t width_ns = widths_ms[i] * 1000000;
		xdp_panes_count(width_ns, &installed, &spares);
		// The pane of this moment, the next, and what passes while the reader is held up.
		ok = ok && installed >= 3 && installed <= XDP_PANES_MAX && spares >= 2
			&& (installed - 2) * width_ns >= 200000000;
	}
	tap_ok(ok, "panes of 10 ms to an hour: three at the least, and 200 ms of them");
	struct xdp_kernel_config c = usual;
	c.rows = 1 << 20;
	for (c.memory = 4 * MEGA, ok = true; ok && c.memory <= 64 * MEGA; c.memory *= 2) {
		kernel_rig_begin(&rig, &c);
		struct xdp_panes_config p = rig.kernel->panes.config;
		ok = octets(&p) <= c.memory;
		p.slots *= 2;
		ok = ok && octets(&p) > c.memory;
		kernel_rig_close(&rig);
	}
	tap_ok(ok, "tables are as large as memory allows");
	c.rows = 2000;
	kernel_rig_begin(&rig, &c);
	tap_ok(rig.kernel->panes.config.limit >= 2000 && rig.kernel->panes.config.slots == 4096,
	       "and no larger than is wanted");
	kernel_rig_close(&rig);
	c.memory = 1 << 16;
	int rc = kernel_rig_open(&rig, &c);
	tap_ok(rc < 0 && strstr(rig.err.text, "flow.memory") != NULL
		       && strstr(rig.err.text, "cure") != NULL,
	       "where memory is too small that is said: %s", rig.err.text);
	kernel_rig_close(&rig);
}

// ---- the end ----

// Of the maps that are taken then the one of now is read first, those of panes to come behind it.
static void test_end(void) {
	static struct frame f;
	struct xdp_kernel_config c = usual;
	uint32_t installed, spares;
	xdp_panes_count(c.width_ns, &installed, &spares);
	live_clock_init(&rig.clock);
	uint64_t now_ns = (uint64_t)live_clock_us(&rig.clock) * 1000;
	while (now_ns / c.width_ns % installed != 0
	       || now_ns % c.width_ns > c.width_ns - 60000000000ull)
		c.width_ns -= 1000000000;
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "", 0);
	kernel_rig_begin(&rig, &c);
	run(&f, 3);
	int64_t then_us = live_clock_us(&rig.clock);
	kernel_rig_stop(&rig);
	int64_t horizon_us = rig.source->horizon_us, now_us = live_clock_us(&rig.clock);
	tap_ok(kernel_rig_sum(&rig, false).packets == 3 && then_us <= horizon_us
		       && horizon_us <= now_us && rig.broken == NULL,
	       "at the end the horizon is when that was: %+lld us to %+lld us",
	       (long long)(horizon_us - then_us), (long long)(horizon_us - now_us));
	kernel_rig_close(&rig);
}

// ---- a rotation that fails ----

static void test_fault(void) {
	static struct frame f;
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "", 0);
	kernel_rig_begin(&rig, &usual);
	bool ok = run(&f, 5);
	// No map at all.
	rig.kernel->panes.outer = 1 << 20;
	for (uint32_t i = 0; i < rig.kernel->panes.n_maps; i++)
		rig.kernel->panes.map[i].since_ns = 0;
	int n;
	while ((n = kernel_rig_recv(&rig)) >= 0)
		;
	tap_ok(ok && n == -EBADF && rig.source->err.text[0] != '\0'
		       && kernel_rig_sum(&rig, false).packets == 5,
	       "where tables cannot be replaced what was counted comes out ahead of the fault: %s",
	       rig.source->err.text);
	kernel_rig_close(&rig);
}

// ---- processors that come later ----

// In a mount namespace of our own the machine has one processor.
static void test_new_processor(void) {
	static struct frame f;
	const char *fact = "what comes by a processor that was added later is missed";
	char name[] = "/tmp/sluice-present-XXXXXX";
	int fd = mkstemp(name);
	bool ready = xdp_test_two_processors() && fd >= 0 && write(fd, "0\n", 2) == 2
		&& unshare(CLONE_NEWNS) == 0
		&& mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
		&& mount(name, "/sys/devices/system/cpu/present", NULL, MS_BIND, NULL) == 0;
	if (fd >= 0) {
		close(fd);
		unlink(name);
	}
	if (!ready) {
		tap_skip("one processor only, or no mount namespace", "%s", fact);
		return;
	}
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "", 0);
	kernel_rig_begin(&rig, &usual);
	xdp_test_pin(0);
	run(&f, 3);
	xdp_test_pin(1);
	run(&f, 4);
	struct source_stats stats;
	kernel_rig_stop(&rig);
	rig.source->ops->stats(rig.source, &stats);
	tap_ok(rig.kernel->n_states == 1 && kernel_rig_sum(&rig, false).packets == 3
		       && stats.missed == 4,
	       "%s", fact);
	kernel_rig_close(&rig);
}

int main(void) {
	if (!xdp_test_ready())
		return 0;
	test_full();
	test_wrap();
	test_sizes();
	test_end();
	test_fault();
	test_new_processor();
	return tap_end();
}
