// Whether to wait for room is all there is to it beyond the ring itself.

#include "alert_ring.h"

#include <string.h>

int alert_ring_init(struct alert_ring *r, uint32_t depth, bool patient) {
	memset(r, 0, sizeof(*r));
	r->patient = patient;
	return spsc_init(&r->ring, depth, sizeof(struct alert));
}

void alert_ring_fini(struct alert_ring *r) {
	spsc_fini(&r->ring);
}

uint32_t alert_ring_reserve(struct alert_ring *r, uint32_t want, uint32_t *first) {
	return r->patient ? spsc_wait(&r->ring, want, first) : spsc_reserve(&r->ring, want, first);
}
