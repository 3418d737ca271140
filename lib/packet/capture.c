// The capture-file source: hands libpcap's frames on in bursts, at the wanted pace. Frames are copied
// into blocks of memory one behind the other; a block is used again when all its frames are back.

#include "capture.h"

#include "packet/capture_files.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCK_LEN (256u << 10) // holds libpcap's longest frame
#define SLOT_ALIGN CACHE_LINE
// Blocks are reckoned for frames of this length; longer ones make smaller bursts.
#define FRAME_USUAL 2048

struct block {
	uint32_t live; // frames not yet released
	uint32_t used; // octets handed out
};

struct capture {
	struct source src;
	struct capture_files files;
	int64_t pace;
	bool ended;
	_Atomic(bool) stop; // any thread → recv: nothing is waited for any more
	int fault; // -errno to return once everything read has been handed over
	struct err fault_text;

	uint8_t *memory; // n_blocks * BLOCK_LEN
	struct block *block;
	uint32_t *idle; // stack of blocks that hold nothing
	uint32_t n_blocks, n_idle, current;
	uint32_t in_flight, out; // most frames unreleased at once; frames unreleased now

	// a frame that libpcap gave and that could not be handed on yet; its octets are libpcap's
	const uint8_t *pending;
	struct pcap_pkthdr pending_head;

	bool started; // the clock of the pace runs
	int64_t start_ns, first_us;
	uint64_t sent; // since then
	struct burst *burst; // being filled, while in recv
	_Atomic(uint64_t) bytes_read, to_skip; // recv → stats
};

static int64_t now_ns(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

// When the next frame, of capture time `time_us`, is to go out.
static int64_t due_ns(const struct capture *c, int64_t time_us) {
	if (c->pace == CAPTURE_PACE_REAL) {
		int64_t behind, due;
		if (__builtin_sub_overflow(time_us, c->first_us, &behind)
		    || __builtin_mul_overflow(behind, 1000, &due)
		    || __builtin_add_overflow(due, c->start_ns, &due))
			return time_us < c->first_us ? INT64_MIN : INT64_MAX;
		return due;
	}
	return c->start_ns + (int64_t)((unsigned __int128)c->sent * 1000000000 / (uint64_t)c->pace);
}

static bool is_due(struct capture *c, int64_t time_us) {
	// Skipped frames take no time.
	if (c->pace == CAPTURE_PACE_MAX || c->burst->n < c->src.skip)
		return true;
	if (!c->started) {
		c->started = true;
		c->start_ns = now_ns();
		c->first_us = time_us;
	}
	return due_ns(c, time_us) <= now_ns();
}

// Room for `len` octets, from the current block or an idle one. NULL: frames must come back first.
static uint8_t *slot_take(struct capture *c, uint32_t len) {
	len = (len + SLOT_ALIGN - 1) & ~(uint32_t)(SLOT_ALIGN - 1);
	struct block *b = &c->block[c->current];
	if (b->used + len > BLOCK_LEN) {
		if (c->n_idle == 0)
			return NULL;
		c->current = c->idle[--c->n_idle];
		b = &c->block[c->current];
		b->used = 0;
	}
	uint8_t *slot = c->memory + (size_t)c->current * BLOCK_LEN + b->used;
	b->used += len;
	return slot;
}

// Puts a frame into the burst. False: it is not due, or there is no room.
static bool hand_on(struct capture *c, const struct pcap_pkthdr *h, const uint8_t *data) {
	int64_t time_us = capture_file_time(&c->files.file, &h->ts);
	if (!is_due(c, time_us))
		return false;
	uint32_t len = h->caplen < BLOCK_LEN ? h->caplen : BLOCK_LEN;
	uint8_t *slot = slot_take(c, len);
	if (slot == NULL)
		return false;
	memcpy(slot, data, len);
	c->block[c->current].live++;
	c->out++;
	c->sent += c->started;
	c->burst->pkt[c->burst->n++] = (struct packet){
		.data = slot,
		.handle = c->current,
		.time_us = time_us,
		.head_len = len,
		.cap_len = len,
		.wire_len = h->len,
		.link = (uint8_t)c->files.file.link,
	};
	return true;
}

static void on_frame(u_char *user, const struct pcap_pkthdr *h, const u_char *data) {
	struct capture *c = (struct capture *)(void *)user;
	if (hand_on(c, h, data))
		return;
	c->pending = data;
	c->pending_head = *h;
	pcap_breakloop(c->files.file.pcap);
}

static int fail(struct capture *c, int code) {
	c->fault = code;
	c->ended = true;
	return code;
}

// Makes the next file the present one. Returns 0, -ENODATA, or a fault.
static int next_file(struct capture *c) {
	int ret = capture_files_next(&c->files, c->src.frames + c->burst->n, &c->fault_text);
	if (ret == -ENODATA)
		c->ended = true;
	if (ret == 0)
		capture_stream_stop_by(c->files.file.stream, &c->stop);
	return ret == 0 || ret == -ENODATA ? ret : fail(c, ret);
}

// Lets libpcap bring up to `max` frames. Returns 0 to go on, 1 to stop for now, or -errno.
static int read_some(struct capture *c, uint32_t max) {
	if (c->files.file.pcap == NULL)
		return next_file(c);
	bool waits = capture_stream_size(c->files.file.stream) == UINT64_MAX;
	if (waits && capture_stream_stopped(c->files.file.stream))
		return 1;
	if (waits && !capture_file_ready(&c->files.file, 0))
		return 1;
	int n = pcap_dispatch(
		c->files.file.pcap, waits ? 1 : (int)max, on_frame, (u_char *)(void *)c
	);
	if (c->pending != NULL)
		return 1;
	if (n <= 0 && capture_stream_stopped(c->files.file.stream))
		return 1; // no end of the file, and no fault of it
	if (n == 0)
		return next_file(c);
	if (n == PCAP_ERROR)
		return fail(c, capture_file_fault(&c->files.file, &c->fault_text));
	return 0; // frames, or an earlier breakloop that libpcap only now told of
}

// libpcap stands behind it.
static void take_pending(struct capture *c) {
	c->pending = NULL;
	capture_files_mark(&c->files, c->src.frames + c->burst->n);
}

static void tell_progress(struct capture *c) {
	uint64_t taken = capture_files_taken(&c->files);
	atomic_store_explicit(&c->bytes_read, taken, memory_order_relaxed);
	atomic_store_explicit(&c->to_skip, c->src.skip, memory_order_relaxed);
}

static int capture_recv(struct source *src, struct burst *b) {
	struct capture *c = (struct capture *)src;
	b->n = 0;
	c->burst = b;
	// With nothing out the same few lines are used again and again, and stay in the cache.
	if (c->block[c->current].live == 0)
		c->block[c->current].used = 0;
	uint32_t max = c->in_flight - c->out < BURST_MAX ? c->in_flight - c->out : BURST_MAX;
	if (max > 0 && c->pending != NULL && hand_on(c, &c->pending_head, c->pending))
		take_pending(c);
	int ret = c->pending != NULL ? 1 : 0;
	while (ret == 0 && b->n < max && !c->ended)
		ret = read_some(c, max - b->n);
	tell_progress(c);
	c->burst = NULL;
	if (b->n > 0 || !c->ended || c->pending != NULL)
		return (int)b->n;
	if (c->fault == 0)
		return -ENODATA;
	src->err = c->fault_text;
	return c->fault;
}

static void capture_release(struct source *src, struct burst *b) {
	struct capture *c = (struct capture *)src;
	for (uint32_t i = 0; i < b->n; i++) {
		uint32_t n = (uint32_t)b->pkt[i].handle;
		if (--c->block[n].live == 0 && n != c->current)
			c->idle[c->n_idle++] = n;
	}
	c->out -= b->n;
}

static void capture_wait(struct source *src, uint32_t max_us) {
	struct capture *c = (struct capture *)src;
	if (c->pending != NULL && c->pace != CAPTURE_PACE_MAX) {
		int64_t time_us = capture_file_time(&c->files.file, &c->pending_head.ts);
		int64_t due = due_ns(c, time_us), now = now_ns();
		int64_t ns = (int64_t)max_us * 1000;
		if (due <= now)
			return;
		ns = due - now < ns ? due - now : ns;
		struct timespec ts = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
		nanosleep(&ts, NULL);
	} else if (c->pending == NULL && c->files.file.pcap != NULL) {
		capture_file_ready(&c->files.file, max_us);
	}
}

static void capture_stats(struct source *src, struct source_stats *out) {
	struct capture *c = (struct capture *)src;
	*out = (struct source_stats){
		.bytes_read = atomic_load_explicit(&c->bytes_read, memory_order_relaxed),
		.bytes_total = c->files.bytes_total,
		.to_skip = atomic_load_explicit(&c->to_skip, memory_order_relaxed),
	};
}

static void capture_place(struct source *src, struct source_place *out) {
	struct capture *c = (struct capture *)src;
	if (c->files.file.pcap != NULL && c->pending == NULL)
		capture_files_mark(&c->files, src->frames);
	capture_files_place(&c->files, out);
}

static int capture_seek(struct source *src, const struct source_place *to) {
	struct capture *c = (struct capture *)src;
	return capture_files_seek(&c->files, to, &src->err);
}

static int capture_attach(struct source *src) {
	return 0;
}

static void capture_detach(struct source *src) {}

static const struct source_ops capture_ops = {
	.attach = capture_attach,
	.recv = capture_recv,
	.release = capture_release,
	.place = capture_place,
	.seek = capture_seek,
	.wait = capture_wait,
	.stats = capture_stats,
	.detach = capture_detach,
};

static int alloc_blocks(struct capture *c) {
	c->n_blocks = 3 + (uint32_t)((uint64_t)c->in_flight * FRAME_USUAL / BLOCK_LEN);
	c->memory = aligned_alloc(CACHE_LINE, (size_t)c->n_blocks * BLOCK_LEN);
	c->block = calloc(c->n_blocks, sizeof(*c->block));
	c->idle = calloc(c->n_blocks, sizeof(*c->idle));
	if (c->memory == NULL || c->block == NULL || c->idle == NULL)
		return -ENOMEM;
	for (uint32_t i = c->n_blocks - 1; i > 0; i--)
		c->idle[c->n_idle++] = i;
	return 0;
}

void capture_stop(struct source *src) {
	struct capture *c = (struct capture *)src;
	atomic_store_explicit(&c->stop, true, memory_order_relaxed);
}

struct source *capture_new(const struct capture_config *conf, struct err *err) {
	if (conf->n_paths == 0) {
		err_set(err, -EINVAL, "no capture file given");
		return NULL;
	}
	struct capture *c = calloc(1, sizeof(*c));
	if (c == NULL)
		goto no_memory;
	c->src = (struct source){.ops = &capture_ops, .newest_us = INT64_MIN, .patient = true};
	c->pace = conf->pace;
	c->in_flight = conf->in_flight != 0 ? conf->in_flight : BURST_MAX;
	if (alloc_blocks(c) != 0)
		goto no_memory;
	if (capture_files_open(&c->files, conf->paths, conf->n_paths, conf->filter, err) != 0) {
		capture_free(&c->src);
		return NULL;
	}
	return &c->src;

no_memory:
	err_set(err, -ENOMEM, "out of memory");
	if (c != NULL)
		capture_free(&c->src);
	return NULL;
}

void capture_free(struct source *src) {
	struct capture *c = (struct capture *)src;
	if (c == NULL)
		return;
	capture_files_close(&c->files);
	free(c->idle);
	free(c->block);
	free(c->memory);
	free(c);
}
