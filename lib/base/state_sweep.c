// A bit for each bucket that was saved ahead of its turn is set until the sweep comes by: between sweeps
// all are zero, and none needs to be touched for one to begin.

#include "state_sweep.h"

#include <errno.h>
#include <stdlib.h>

// Buckets looked at in one step; most may be empty.
#define LOOKS 256

int state_sweep_init(struct state_sweep *s, uint32_t buckets) {
	*s = (struct state_sweep){.buckets = buckets};
	s->ahead = calloc(buckets / 64 + 1ull, sizeof(*s->ahead));
	return s->ahead != NULL ? 0 : -ENOMEM;
}

void state_sweep_fini(struct state_sweep *s) {
	free(s->ahead);
	*s = (struct state_sweep){};
}

void state_sweep_begin(struct state_sweep *s, struct state_writer *to) {
	state_sweep_begin_first(s, s->buckets, to);
}

void state_sweep_begin_first(struct state_sweep *s, uint32_t n, struct state_writer *to) {
	assert(s->at == s->end && n <= s->buckets);
	s->at = 0;
	s->end = n;
	s->to = to;
}

void state_sweep_end(struct state_sweep *s) {
	if (s->at < s->end)
		memset(&s->ahead[s->at / 64], 0,
		       (s->end / 64 - s->at / 64 + 1ull) * sizeof(*s->ahead));
	s->at = s->end = 0;
	s->to = NULL;
}

bool state_sweep_step(struct state_sweep *s, state_sweep_save *save, const void *x) {
	if (s->at == s->end)
		return true;
	uint64_t stop = s->to->octets + STATE_STEP;
	for (uint32_t i = 0; i < LOOKS && s->at < s->end && s->to->octets < stop; i++) {
		uint32_t bucket = s->at++;
		uint64_t *word = &s->ahead[bucket / 64], bit = (uint64_t)1 << bucket % 64;
		if (!(*word & bit))
			save(x, bucket, s->to);
		*word &= ~bit;
	}
	if (s->at < s->end)
		return false;
	state_sweep_end(s);
	return true;
}

void state_sweep_save_ahead(
	struct state_sweep *s, state_sweep_save *save, const void *x, uint32_t bucket
) {
	uint64_t *word = &s->ahead[bucket / 64], bit = (uint64_t)1 << bucket % 64;
	if (*word & bit)
		return;
	*word |= bit;
	save(x, bucket, s->to);
}
