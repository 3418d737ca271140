// Opens, runs, gathers. UTC can be set for this executable alone: the linker wraps clock_gettime.

#include "kernel_rig.h"

#include "app/input/xdp_kernel_source.h"

#include "tap.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <linux/bpf.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static _Atomic(int64_t) utc_set_ns;

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts) {
	int rc = __real_clock_gettime(id, ts);
	if (rc == 0 && id == CLOCK_REALTIME) {
		int64_t ns = (int64_t)ts->tv_sec * 1000000000 + ts->tv_nsec + utc_set_ns;
		ts->tv_sec = ns / 1000000000;
		ts->tv_nsec = ns % 1000000000;
	}
	return rc;
}

void kernel_rig_set_utc(int64_t by_ns) {
	atomic_store(&utc_set_ns, by_ns);
}

int kernel_rig_open(struct kernel_rig *r, const struct xdp_kernel_config *c) {
	*r = (struct kernel_rig){.width_us = (int64_t)(c->width_ns / 1000)};
	int rc = xdp_watch_open(&r->watch, 0, false, &r->err);
	if (rc < 0)
		return rc;
	live_clock_init(&r->clock);
	r->kernel = xdp_kernel_open(c, &r->err);
	if (r->kernel == NULL)
		return -EIO;
	for (uint32_t i = 0; i < c->n_programs; i++)
		r->program[i] = bpf_program__fd(xdp_kernel_program(r->kernel, i));
	r->source = xdp_kernel_source(r->kernel, &r->watch, &r->clock, &r->err);
	if (r->source == NULL)
		return -EIO;
	return r->source->ops->attach(r->source);
}

void kernel_rig_begin(struct kernel_rig *r, const struct xdp_kernel_config *c) {
	if (kernel_rig_open(r, c) < 0)
		tap_bail_out("%s", r->err.text);
}

void kernel_rig_close(struct kernel_rig *r) {
	if (r->broken != NULL)
		tap_ok(false, "a promise was broken: %s", r->broken);
	if (r->source != NULL)
		r->source->ops->detach(r->source);
	xdp_watch_close(&r->watch);
	xdp_kernel_source_free(r->source);
	xdp_kernel_close(r->kernel);
	free(r->row);
	*r = (struct kernel_rig){0};
}

bool kernel_rig_run(
	const struct kernel_rig *r, uint32_t program, const void *frame, uint32_t len, int repeat
) {
	// One call for many would have the kernel make ready for it, which takes a while.
	for (int i = 0; i < repeat; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len);
		if (bpf_prog_test_run_opts(r->program[program], &opts) < 0
		    || opts.retval != XDP_PASS)
			return false;
	}
	return true;
}

static void promise(struct kernel_rig *r, bool kept, const char *what) {
	if (!kept && r->broken == NULL)
		r->broken = what;
}

static void keep_row(struct kernel_rig *r, const struct counted *in, int64_t horizon_us) {
	if (r->n_rows == r->room) {
		r->room = r->room == 0 ? 4096 : r->room * 2;
		r->row = realloc(r->row, r->room * sizeof(*r->row));
		if (r->row == NULL)
			abort();
	}
	r->row[r->n_rows++] = *in;
	r->tally.value[TALLY_REASON + REASON_NONE] += in->packets;
	promise(r, in->packets > 0, "a row has no packets");
	promise(r, in->first_us <= in->last_us, "a row's first packet is after its last");
	promise(r, in->first_us / r->width_us == in->last_us / r->width_us,
		"a row is in two panes");
	promise(r, in->first_us >= horizon_us, "a row is ahead of the horizon");
}

int kernel_rig_recv(struct kernel_rig *r) {
	static struct count_batch b;
	int64_t horizon_us = r->source->horizon_us;
	live_clock_tend(&r->clock);
	int n = r->source->ops->recv(r->source, &b);
	if (n < 0)
		return n;
	for (uint32_t i = 0; i < b.n; i++)
		keep_row(r, &b.row[i], horizon_us);
	for (int i = 0; i < TALLY_COUNT; i++)
		r->tally.value[i] += b.tally.value[i];
	uint64_t sum = 0;
	for (int i = 0; i < REASON_COUNT; i++)
		sum += r->tally.value[TALLY_REASON + i];
	promise(r, !b.whole || sum == r->tally.value[TALLY_RECEIVED],
		"a whole batch does not balance");
	promise(r, r->source->horizon_us >= horizon_us, "the horizon went back");
	promise(r, r->source->horizon_us <= live_clock_us(&r->clock),
		"the horizon is ahead of now");
	return n;
}

int kernel_rig_stop(struct kernel_rig *r) {
	r->source->ops->stop(r->source);
	int n;
	while ((n = kernel_rig_recv(r)) >= 0)
		;
	return n;
}

void kernel_rig_forget(struct kernel_rig *r) {
	r->n_rows = 0;
	r->tally = (struct tally){0};
}

struct counted kernel_rig_sum(const struct kernel_rig *r, bool rest) {
	struct counted sum = {.first_us = INT64_MAX, .last_us = INT64_MIN};
	for (uint32_t i = 0; i < r->n_rows; i++) {
		const struct counted *c = &r->row[i];
		if (rest && !(c->key.flags & KEY_REST))
			continue;
		sum.packets += c->packets;
		sum.bytes += c->bytes;
		sum.frame_bytes += c->frame_bytes;
		sum.first_us = c->first_us < sum.first_us ? c->first_us : sum.first_us;
		sum.last_us = c->last_us > sum.last_us ? c->last_us : sum.last_us;
		sum.tcp_flags |= c->tcp_flags;
		sum.opens |= c->opens;
	}
	return sum;
}

uint64_t kernel_rig_refused(const struct kernel_rig *r, enum reason reason) {
	return r->tally.value[TALLY_REASON + reason];
}
