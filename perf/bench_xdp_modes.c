// The cases of bench_xdp that are modes which hand frames over: observe into its ring, for frames of
// three lengths, and redirect to a socket.

#include "bench_xdp.h"

#include "app/input/xdp_observe.h"
#include "app/input/xdp_observe_source.h"
#ifdef HAVE_XDP_SOCKETS
#include "app/input/xdp_redirect.h"
#endif
#include "base/live_clock.h"
#include "packet/burst.h"

#include <bpf/libbpf.h>

#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <string.h>

#define RING (32ull << 20)
#define AT_ONCE 16384u // of the longest frames fit the ring

// ---- observe ----

struct observe {
	struct xdp_observe *kernel;
	struct source *src;
};

// All that went in must come out.
static void drain(struct xdp_case *c, uint32_t frames) {
	static struct burst b;
	struct observe *o = c->own;
	struct source_stats stats;
	for (uint32_t n = 0, polls = 0; n < frames; polls++) {
		if (polls > 10000000)
			bench_wrong("%s: %u frames of %u came out", c->name, n, frames);
		if (o->src->ops->recv(o->src, &b) <= 0)
			continue;
		for (uint32_t i = 0; i < b.n; i++)
			if (b.pkt[i].wire_len != c->octets || b.pkt[i].cap_len != c->octets)
				bench_wrong(
					"%s: %u octets, not %u", c->name, b.pkt[i].wire_len,
					c->octets
				);
		n += b.n;
		o->src->ops->release(o->src, &b);
	}
	o->src->ops->stats(o->src, &stats);
	if (stats.missed != 0)
		bench_wrong("%s: %llu missed", c->name, (unsigned long long)stats.missed);
}

void xdp_cases_observe(struct xdp_cases *all) {
	static const uint32_t octets[] = {60, 512, 1514};
	static struct observe o;
	struct err err = {0};
	o.kernel = xdp_observe_open(1, 1, RING, 2048, &err);
	static struct live_clock clock;
	live_clock_init(&clock);
	struct xdp_observe_part part = {.observe = o.kernel, .step = 1, .clock = &clock};
	if (o.kernel != NULL)
		o.src = xdp_observe_source(&part, &err);
	if (o.src == NULL || o.src->ops->attach(o.src) < 0)
		bench_wrong("observe: %s", err.text);
	int fd = bpf_program__fd(xdp_observe_program(o.kernel, 0));
	for (size_t i = 0; i < sizeof(octets) / sizeof(octets[0]); i++) {
		struct xdp_case *c = xdp_case_add(all, fd, "observe_%u", octets[i]);
		xdp_frame_udp(c, octets[i]);
		c->at_once = AT_ONCE;
		c->own = &o;
		c->after = drain;
	}
}

// ---- redirect ----

#ifdef HAVE_XDP_SOCKETS
// Test runs come in by the loopback interface's queue 0: of a network namespace of our own, so that
// nobody is in the way.
struct redirect {
	struct xdp_redirect *kernel;
	struct xdp_queue queue;
};

static void check_redirect(struct xdp_case *c, uint64_t frames) {
	struct redirect *r = c->own;
	if (xdp_redirect_missed(r->kernel, &r->queue) != 0)
		bench_wrong("%s: frames found no socket", c->name);
}

void xdp_cases_redirect(struct xdp_cases *all) {
	static struct redirect r;
	struct xdp_interface itf;
	struct err err = {0};
	if (unshare(CLONE_NEWNET) < 0)
		bench_wrong("no network namespace: %s", strerror(errno));
	if (xdp_interface_get(&itf, "lo", &err) == 0) {
		itf.mtu = 1500; // of what is run here
		r.kernel = xdp_redirect_new(&itf, &err);
	}
	if (r.kernel == NULL || xdp_queue_init(&r.queue, 0, 0, XDP_QUEUE_FRAMES_MIN, &err) < 0
	    || xdp_redirect_enter(r.kernel, &r.queue, false, &err) < 0)
		bench_wrong("redirect: %s", err.text);
	struct xdp_case *c = xdp_case_add(all, bpf_program__fd(r.kernel->program), "redirect");
	c->verdict = XDP_REDIRECT;
	c->own = &r;
	c->check = check_redirect;
}
#else
void xdp_cases_redirect(struct xdp_cases *all) {}
#endif
