// Frames in memory. The capture-file source reads them, the parser says where their payloads are.

#include "frames.h"

#include "packet/capture.h"
#include "packet/link.h"
#include "packet/parse.h"
#include "packet/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIME_US 1700000000000000
#define DATA_MAX (1ull << 30)

#define TAG_OFF 12 // of a VLAN tag in an Ethernet frame
#define TAG_LEN 4
#define TAG_VIDS 4094 // 1 and on

static int frames_attach(struct source *src) {
	return 0;
}

// The packets just given out are of this lap.
static void date(struct frames *f, struct burst *b) {
	uint32_t vid = (uint32_t)(f->laps % TAG_VIDS) + 1;
	for (uint32_t i = 0; i < b->n; i++) {
		uint8_t *tci = f->data + b->pkt[i].handle + TAG_OFF + 2;
		tci[0] = (uint8_t)(vid >> 8);
		tci[1] = (uint8_t)vid;
		b->pkt[i].time_us = f->time_us + (int64_t)(f->next + i) * FRAMES_STEP_US;
	}
}

// As network cards do: headers are in the cache before the worker asks for them.
static void fetch(const struct frames *f) {
	for (uint32_t i = f->next; i < f->n && i < f->next + BURST_MAX; i++)
		__builtin_prefetch(f->data + f->packet[i].handle, 1);
}

static int frames_recv(struct source *src, struct burst *b) {
	struct frames *f = (struct frames *)src;
	uint32_t n = f->n - f->next < BURST_MAX ? f->n - f->next : BURST_MAX;
	n = f->left < n ? (uint32_t)f->left : n;
	memcpy(b->pkt, f->packet + f->next, n * sizeof(*f->packet));
	b->n = n;
	if (f->kind == FRAMES_CONNECTIONS && n > 0) {
		if (f->next == 0) {
			f->laps++;
			f->time_us += FRAMES_LAP_US;
		}
		date(f, b);
	}
	f->left -= n;
	f->next = f->next + n == f->n ? 0 : f->next + n;
	if (f->kind == FRAMES_CONNECTIONS)
		fetch(f);
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
		f->packet = p != NULL ? p : f->packet;
		struct flow_key *key = aligned_alloc(CACHE_LINE, r->packets * sizeof(*key));
		if (p == NULL || key == NULL) {
			free(key);
			return -ENOMEM;
		}
		if (f->n > 0)
			memcpy(key, f->key, f->n * sizeof(*key));
		free(f->key);
		f->key = key;
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

static bool is_wanted(const struct frames *f, const struct packet *p) {
	if (p->verdict != VERDICT_COUNTED || p->flags & (PACKET_FRAGMENT | PACKET_CARRIER_FRAGMENT))
		return false;
	return p->payload_len > 0 || (f->kind == FRAMES_CONNECTIONS && p->flags & PACKET_TCP);
}

// Copies the frame to where the next one is to be, with a tag where connections are kept.
static void copy(struct frames *f, uint8_t *to, struct packet *p) {
	if (f->kind == FRAMES_PAYLOADS) {
		memcpy(to, p->data, p->cap_len);
	} else {
		memcpy(to, p->data, TAG_OFF);
		memcpy(to + TAG_OFF, (const uint8_t[TAG_LEN]){0x81, 0x00, 0, 1}, TAG_LEN);
		memcpy(to + TAG_OFF + TAG_LEN, p->data + TAG_OFF, p->cap_len - TAG_OFF);
		p->cap_len += TAG_LEN;
		p->head_len += TAG_LEN;
		p->wire_len += TAG_LEN;
	}
	p->data = to;
}

// Until all are there `handle` is where a frame begins: data may still move.
static int keep(struct frames *f, struct room *r, struct parser *parser, struct packet p) {
	uint32_t octets = (p.cap_len + TAG_LEN + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	if (f->kind == FRAMES_CONNECTIONS && (p.link != LINK_ETHERNET || p.cap_len < TAG_OFF))
		return 0;
	if (grow(f, r, octets) < 0)
		return -ENOMEM;
	copy(f, f->data + r->used, &p);
	p.flags = 0;
	parse_packet(parser, &p, &f->key[f->n]);
	if (!is_wanted(f, &p))
		return 0;
	p.handle = r->used;
	p.time_us = TIME_US;
	p.matches = 0;
	f->packet[f->n++] = p;
	r->used += octets;
	f->payloads += p.payload_len > 0;
	f->payload_octets += p.payload_len;
	return 0;
}

static int keep_burst(struct frames *f, struct room *r, struct parser *parser, struct burst *b) {
	for (uint32_t i = 0; i < b->n; i++) {
		int ret = keep(f, r, parser, b->pkt[i]);
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
	return f->payloads > 0 ? 0 : err_set(err, -EINVAL, "there is no frame with a payload");
}

int frames_init(
	struct frames *f, enum frames_kind kind, const char *const *paths, uint32_t n_paths,
	struct err *err
) {
	*f = (struct frames){
		.source = {.ops = &ops, .newest_us = INT64_MIN},
		.kind = kind,
		.time_us = TIME_US,
	};
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
	free(f->key);
	free(f->data);
	f->packet = NULL;
	f->key = NULL;
	f->data = NULL;
}
