// Frames in memory. The capture-file source reads them, the parser says where their payloads are.

#include "frames.h"

#include "packet/capture.h"
#include "packet/parse.h"
#include "packet/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIME_US 1700000000000000
#define DATA_MAX (1ull << 30)

static int frames_attach(struct source *src) {
	return 0;
}

static int frames_recv(struct source *src, struct burst *b) {
	struct frames *f = (struct frames *)src;
	uint32_t n = f->n - f->next < BURST_MAX ? f->n - f->next : BURST_MAX;
	n = f->left < n ? (uint32_t)f->left : n;
	memcpy(b->pkt, f->packet + f->next, n * sizeof(*f->packet));
	b->n = n;
	f->left -= n;
	f->next = f->next + n == f->n ? 0 : f->next + n;
	return n > 0 ? (int)n : -ENODATA;
}

static void frames_release(struct source *src, struct burst *b) {}

static void frames_stats(struct source *src, struct source_stats *out) {
	*out = (struct source_stats){0};
}

static void frames_detach(struct source *src) {}

static const struct source_ops ops = {
	.attach = frames_attach,
	.recv = frames_recv,
	.release = frames_release,
	.stats = frames_stats,
	.detach = frames_detach,
};

// Octets that the frames in `data` take, and room for one more of both.
struct room {
	uint64_t used, size;
	uint32_t packets;
};

static int grow(struct frames *f, struct room *r, uint32_t octets) {
	if (f->n == r->packets) {
		r->packets = r->packets * 2 + 1024;
		void *p = realloc(f->packet, r->packets * sizeof(*f->packet));
		if (p == NULL)
			return -ENOMEM;
		f->packet = p;
	}
	if (r->size - r->used >= octets)
		return 0;
	r->size = (r->size + octets) * 2 / CACHE_LINE * CACHE_LINE;
	uint8_t *data = r->size <= DATA_MAX ? aligned_alloc(CACHE_LINE, r->size) : NULL;
	if (data == NULL)
		return -ENOMEM;
	if (r->used > 0)
		memcpy(data, f->data, r->used);
	free(f->data);
	f->data = data;
	return 0;
}

// Until all are there `handle` is where a frame begins: data may still move.
static int keep(struct frames *f, struct room *r, const struct packet *p) {
	uint32_t octets = (p->cap_len + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	if (grow(f, r, octets) < 0)
		return -ENOMEM;
	memcpy(f->data + r->used, p->data, p->cap_len);
	struct packet *kept = &f->packet[f->n++];
	*kept = *p;
	kept->handle = r->used;
	kept->time_us = TIME_US;
	kept->matches = 0;
	r->used += octets;
	f->payload_octets += p->payload_len;
	return 0;
}

static int keep_burst(struct frames *f, struct room *r, struct parser *parser, struct burst *b) {
	for (uint32_t i = 0; i < b->n; i++) {
		struct packet *p = &b->pkt[i];
		p->flags = 0;
		parse_packet(parser, p, &b->key[i]);
		if (p->verdict != VERDICT_COUNTED || p->payload_len == 0)
			continue;
		int ret = keep(f, r, p);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int read_all(struct frames *f, struct source *src, struct parser *parser, struct err *err) {
	struct room room = {0};
	struct burst burst;
	int n;
	while ((n = src->ops->recv(src, &burst)) > 0) {
		int ret = keep_burst(f, &room, parser, &burst);
		src->ops->release(src, &burst);
		if (ret < 0)
			return err_set(err, ret, "more frames than memory holds");
	}
	if (n != -ENODATA)
		return err_set(err, n, "%s", src->err.text);
	for (uint32_t i = 0; i < f->n; i++)
		f->packet[i].data = f->data + f->packet[i].handle;
	return f->n > 0 ? 0 : err_set(err, -EINVAL, "there is no frame with a payload");
}

int frames_init(struct frames *f, const char *const *paths, uint32_t n_paths, struct err *err) {
	*f = (struct frames){.source = {.ops = &ops, .newest_us = INT64_MIN}};
	struct parser parser = {0};
	struct capture_config conf = {.paths = paths, .n_paths = n_paths};
	struct source *src = capture_new(&conf, err);
	if (src == NULL)
		return -EIO;
	int ret = parser_init(&parser, TUNNEL_ALL, NULL);
	if (ret < 0) {
		err_set(err, ret, "out of memory");
		goto out;
	}
	ret = src->ops->attach(src);
	if (ret < 0) {
		err_set(err, ret, "%s", src->err.text);
		goto out;
	}
	ret = read_all(f, src, &parser, err);
	src->ops->detach(src);
out:
	parser_fini(&parser);
	capture_free(src);
	return ret;
}

void frames_fini(struct frames *f) {
	free(f->packet);
	free(f->data);
	f->packet = NULL;
	f->data = NULL;
}
