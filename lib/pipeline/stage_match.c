// The match stage: one Hyperscan call a payload, with this worker's scratch.

#include "stage_match.h"

#include "packet/frame_size.h"
#include "packet/verdict.h"

#include <errno.h>
#include <stdlib.h>

int stage_match_init(struct stage_match *st, const struct matcher *matcher) {
	*st = (struct stage_match){.matcher = matcher};
	if (matcher == NULL)
		return 0;
	st->scratch = match_scratch_new(matcher);
	st->gathered = malloc(FRAME_SIZE_MAX);
	if (st->scratch == NULL || st->gathered == NULL) {
		stage_match_fini(st);
		return -ENOMEM;
	}
	return 0;
}

void stage_match_fini(struct stage_match *st) {
	match_scratch_free(st->scratch);
	free(st->gathered);
	st->scratch = NULL;
	st->gathered = NULL;
}

void stage_match_run(struct stage_match *st, const struct source *src, struct burst *b) {
	if (st->matcher == NULL)
		return;
	for (uint32_t i = b->begin; i < b->end; i++) {
		struct packet *p = &b->pkt[i];
		if (p->payload_len == 0
		    || (p->verdict != VERDICT_COUNTED && p->verdict != VERDICT_LATE))
			continue;
		const uint8_t *data = p->data;
		uint32_t end = p->payload_off + p->payload_len;
		if (UNLIKELY(end > p->head_len && src->ops->gather != NULL)) {
			uint32_t got = src->ops->gather(src, p, st->gathered, FRAME_SIZE_MAX);
			data = st->gathered;
			end = end < got ? end : got;
		}
		if (UNLIKELY(end <= p->payload_off))
			continue;
		uint32_t events = matcher_scan(
			st->matcher, st->scratch, data + p->payload_off, end - p->payload_off
		);
		p->matches = (uint16_t)(events < UINT16_MAX ? events : UINT16_MAX);
		st->events += p->matches;
	}
}
