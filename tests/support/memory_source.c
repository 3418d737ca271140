// A source over packets in memory: the handle is the packet's index.

#include "memory_source.h"

#include "base/err.h"

#include <errno.h>
#include <stdlib.h>

static int memory_attach(struct source *src) {
	return 0;
}

static int memory_recv(struct source *src, struct burst *b) {
	struct memory_source *s = (struct memory_source *)src;
	uint32_t n = 0;
	while (n < s->burst && s->next < s->n && !s->dry) {
		b->pkt[n] = s->packets[s->next];
		b->pkt[n].handle = s->next;
		s->state[s->next++] = 1;
		n++;
	}
	b->n = n;
	if (n > 0 || s->dry)
		return (int)n;
	if (s->fault != 0)
		return err_set(&src->err, s->fault, "a fault on purpose");
	return -ENODATA;
}

static void memory_release(struct source *src, struct burst *b) {
	struct memory_source *s = (struct memory_source *)src;
	for (uint32_t i = 0; i < b->n; i++) {
		uint64_t at = b->pkt[i].handle;
		s->release_broken |= at >= s->n || s->state[at] != 1;
		if (at < s->n)
			s->state[at] = 2;
		s->released++;
	}
}

static void memory_stats(struct source *src, struct source_stats *out) {
	*out = (struct source_stats){0};
}

static void memory_detach(struct source *src) {}

static const struct source_ops ops = {
	.attach = memory_attach,
	.recv = memory_recv,
	.release = memory_release,
	.stats = memory_stats,
	.detach = memory_detach,
};

void memory_source_init(
	struct memory_source *s, const struct packet *packets, uint32_t n, uint32_t burst
) {
	*s = (struct memory_source){
		.source = {.ops = &ops, .newest_us = INT64_MIN, .patient = true},
		.packets = packets,
		.n = n,
		.burst = burst,
		.state = calloc(n + 1, 1),
	};
}

void memory_source_fini(struct memory_source *s) {
	free(s->state);
	s->state = NULL;
}
