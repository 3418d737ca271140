// Reads a table row by row, in place, and leaves it clean: a row with no packets is a free one, so that is
// all there is to reset.

#include "xdp_kernel_source.h"

#include "xdp_watch.h"

#include "base/live_clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct kernel_source {
	struct count_source base;
	struct xdp_kernel *kernel;
	struct xdp_watch *watch;
	struct live_clock *clock; // borrowed
	// how far the table in hand has been read
	uint32_t region;
	uint32_t row;
	bool stopped;
	int fault; // of a rotation; 0: none
	uint64_t *unplaced; // owned; per processor, frames that were told of
	uint64_t *unplaced_bytes; // owned
	_Atomic(uint64_t) missed; // collector → stats
};

static struct kernel_source *of(const struct count_source *src) {
	return (struct kernel_source *)(uintptr_t)src;
}

// ---- time ----

// UTC of `mono`, in nanoseconds.
static uint64_t keep_time(struct kernel_source *s, uint64_t mono) {
	struct live_line line = live_clock_line(s->clock);
	int64_t offset = live_line_offset_ns(&line, mono);
	xdp_kernel_set_offset(s->kernel, offset);
	return mono + (uint64_t)offset;
}

// ---- a table ----

static int64_t time_us(const struct xdp_pane_map *m, uint64_t at_ns) {
	return (int64_t)((m->start_ns + at_ns) / 1000);
}

static void take_row(
	struct counted *to, const struct xdp_pane_map *m, struct kernel_row *row,
	const struct kernel_line *v6
) {
	*to = (struct counted){
		.packets = row->packets,
		.bytes = row->bytes,
		.frame_bytes = row->frame_bytes,
		.first_us = time_us(m, row->first_ns),
		.last_us = time_us(m, row->last_flags >> KERNEL_LAST_SHIFT),
		.tcp_flags = (uint8_t)row->last_flags,
		.opens = (row->last_flags & KERNEL_OPENS) != 0,
	};
	if (v6 == NULL) {
		to->key.flags = KEY_REST;
	} else {
		memcpy(&to->key, row->head, sizeof(row->head));
		if (to->key.flags & KEY_V6)
			memcpy(to->key.src6, v6, sizeof(to->key.src6) + sizeof(to->key.dst6));
	}
	row->packets = 0;
}

// A region's last: the rest row, and what the head counts.
static void
take_head(struct count_batch *b, const struct xdp_pane_map *m, struct kernel_line *region) {
	struct kernel_head *head = (struct kernel_head *)region;
	struct kernel_row *rest = (struct kernel_row *)(region + KERNEL_LINE_REST);
	struct kernel_line *reasons = region + KERNEL_LINE_REASONS;
	if (rest->packets > 0)
		take_row(&b->row[b->n++], m, rest, NULL);
	b->tally.value[TALLY_RECEIVED] += head->received;
	b->tally.value[TALLY_BYTES] += head->bytes;
	for (int r = 0; r < REASON_COUNT && head->received > head->counted; r++) {
		b->tally.value[TALLY_REASON + r] += reasons[r].word[0];
		reasons[r].word[0] = 0;
	}
	head->received = head->bytes = head->counted = 0;
	head->used = 0;
}

// Rows of the table in hand, until the batch is full or the table is read. Whether it is read.
static bool read_table(struct kernel_source *s, struct xdp_pane_map *m, struct count_batch *b) {
	const struct xdp_panes *p = &s->kernel->panes;
	uint32_t slots = p->config.slots;
	for (; s->region < p->config.regions; s->region++, s->row = 0) {
		struct kernel_line *region = xdp_panes_region(p, m, s->region);
		const struct kernel_head *head = (const struct kernel_head *)region;
		const uint32_t *used = (const uint32_t *)(region + KERNEL_LINE_USED);
		for (; s->row < head->used && b->n < COUNT_BATCH_MAX; s->row++) {
			uint32_t slot = used[s->row];
			struct kernel_line *row = region + KERNEL_LINE_ROWS(slots) + slot;
			take_row(
				&b->row[b->n++], m, (struct kernel_row *)row,
				region + KERNEL_LINE_IPV6(slots) + slot
			);
		}
		if (b->n == COUNT_BATCH_MAX)
			return false; // the rest row would not fit either
		take_head(b, m, region);
	}
	s->region = 0;
	return true;
}

// Frames for whose time there was no table.
static void read_unplaced(struct kernel_source *s, struct count_batch *b) {
	uint64_t *tally = b->tally.value;
	for (uint32_t i = 0; i < s->kernel->n_states; i++) {
		const struct kernel_state *state = &s->kernel->state[i];
		uint64_t frames = __atomic_load_n(&state->unplaced, __ATOMIC_RELAXED);
		uint64_t bytes = __atomic_load_n(&state->unplaced_bytes, __ATOMIC_RELAXED);
		tally[TALLY_RECEIVED] += frames - s->unplaced[i];
		tally[TALLY_REASON + REASON_NO_PANE] += frames - s->unplaced[i];
		tally[TALLY_BYTES] += bytes - s->unplaced_bytes[i];
		s->unplaced[i] = frames;
		s->unplaced_bytes[i] = bytes;
	}
}

// ---- count_source_ops ----

static void source_stop(struct count_source *src) {
	struct kernel_source *s = of(src);
	if (s->stopped)
		return;
	uint64_t missed = xdp_watch_missed(s->watch);
	xdp_watch_close(s->watch); // no program runs any more
	atomic_store_explicit(
		&s->missed, missed + xdp_kernel_lost(s->kernel), memory_order_relaxed
	);
	struct err err;
	uint64_t now = keep_time(s, live_clock_mono_ns());
	if (xdp_panes_end(&s->kernel->panes, now, &err) < 0)
		log_error("%s", err.text);
	s->stopped = true;
}

// Takes tables away, unless there are some to be read and none is wanted urgently.
static void rotate(struct kernel_source *s, bool busy) {
	struct xdp_panes *p = &s->kernel->panes;
	uint64_t mono = live_clock_mono_ns();
	uint64_t now = keep_time(s, mono);
	if (busy && xdp_panes_ready(p, now))
		return;
	int rc = xdp_panes_rotate(p, now, mono, &s->base.err);
	if (rc < 0) {
		// What was counted until now comes out ahead of the fault.
		s->fault = rc;
		source_stop(&s->base);
		return;
	}
	uint64_t missed = atomic_load_explicit(&s->watch->missed, memory_order_relaxed);
	atomic_store_explicit(
		&s->missed, missed + xdp_kernel_lost(s->kernel), memory_order_relaxed
	);
}

static int source_recv(struct count_source *src, struct count_batch *b) {
	struct kernel_source *s = of(src);
	struct xdp_panes *p = &s->kernel->panes;
	b->n = 0;
	b->whole = true;
	memset(&b->tally, 0, sizeof(b->tally));
	struct xdp_pane_map *m = xdp_panes_taken(p);
	if (m == NULL && s->stopped)
		return s->fault < 0 ? s->fault : -ENODATA;
	if (!s->stopped)
		rotate(s, m != NULL);
	m = xdp_panes_taken(p);
	if (m != NULL) {
		b->whole = read_table(s, m, b);
		if (b->whole)
			xdp_panes_give_back(p);
	}
	read_unplaced(s, b);
	uint64_t horizon = xdp_panes_horizon_ns(p);
	if (horizon != UINT64_MAX)
		src->horizon_us = (int64_t)(horizon / 1000);
	return (int)b->n;
}

static void source_wait(struct count_source *src, uint32_t max_us) {
	if (xdp_panes_taken(&of(src)->kernel->panes) != NULL)
		return;
	struct timespec nap = {.tv_sec = max_us / 1000000, .tv_nsec = max_us % 1000000 * 1000};
	nanosleep(&nap, NULL);
}

static int source_attach(struct count_source *src) {
	return 0;
}

static void source_detach(struct count_source *src) {}

static void source_stats(struct count_source *src, struct source_stats *out) {
	*out = (struct source_stats){
		.missed = atomic_load_explicit(&of(src)->missed, memory_order_relaxed),
	};
}

static const struct count_source_ops ops = {
	.attach = source_attach,
	.recv = source_recv,
	.wait = source_wait,
	.stop = source_stop,
	.stats = source_stats,
	.detach = source_detach,
};

struct count_source *xdp_kernel_source(
	struct xdp_kernel *k, struct xdp_watch *watch, struct live_clock *clock, struct err *err
) {
	struct kernel_source *s = calloc(1, sizeof(*s));
	if (s == NULL)
		goto no_memory;
	s->base.ops = &ops;
	s->base.horizon_us = INT64_MIN;
	s->kernel = k;
	s->watch = watch;
	s->clock = clock;
	s->unplaced = calloc(k->n_states, sizeof(*s->unplaced));
	s->unplaced_bytes = calloc(k->n_states, sizeof(*s->unplaced_bytes));
	if (s->unplaced == NULL || s->unplaced_bytes == NULL)
		goto no_memory;
	struct live_line line = live_clock_line(clock);
	uint64_t mono = live_clock_mono_ns();
	int64_t offset = live_line_offset_ns(&line, mono);
	if (xdp_kernel_begin(k, mono + (uint64_t)offset, offset, err) < 0)
		goto fail;
	return &s->base;
no_memory:
	err_set(err, -ENOMEM, "out of memory");
fail:
	if (s != NULL)
		xdp_kernel_source_free(&s->base);
	return NULL;
}

void xdp_kernel_source_free(struct count_source *src) {
	struct kernel_source *s = of(src);
	if (s == NULL)
		return;
	free(s->unplaced);
	free(s->unplaced_bytes);
	free(s);
}
