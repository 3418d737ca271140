// The filter stage: runs only over packets that have a key, malformed and non-IP ones come first.

#include "stage_filter.h"

#include "packet/frame_size.h"

#include <errno.h>
#include <stdlib.h>

int stage_filter_init(struct stage_filter *st, const struct filter *filter) {
	st->filter = filter;
	st->scratch = filter != NULL ? malloc(FRAME_SIZE_MAX) : NULL;
	return filter != NULL && st->scratch == NULL ? -ENOMEM : 0;
}

void stage_filter_fini(struct stage_filter *st) {
	free(st->scratch);
	st->scratch = NULL;
}

void stage_filter_run(struct stage_filter *st, const struct source *src, struct burst *b) {
	if (st->filter == NULL)
		return;
	for (uint32_t i = 0; i < b->n; i++) {
		struct packet *p = &b->pkt[i];
		if (p->verdict != VERDICT_COUNTED)
			continue;
		const uint8_t *data = p->data;
		uint32_t len = p->head_len;
		if (UNLIKELY(p->head_len < p->cap_len && src->ops->gather != NULL)) {
			len = src->ops->gather(src, p, st->scratch, FRAME_SIZE_MAX);
			data = st->scratch;
		}
		if (!filter_pass(st->filter, p, data, len)) {
			p->verdict = VERDICT_FILTERED;
			p->reason = REASON_FILTER;
		}
	}
}
