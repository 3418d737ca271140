// NTP's steering of the rate is in CLOCK_MONOTONIC already, so the two clocks differ by a constant until
// UTC is set. Forward, a long way is followed at once; backward never: it would make every frame late.

#include "xdp_clock.h"

#include <time.h>

#define NOISE_NS 20000 // two readings of one offset differ by less
#define STEP_NS 1000000000 // forward by more than this is followed at once
#define BEND 10 // one part in that many: how fast the offset moves

static uint64_t read_ns(clockid_t id) {
	struct timespec ts;
	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t xdp_clock_mono_ns(void) {
	return read_ns(CLOCK_MONOTONIC);
}

void xdp_clock_read(uint64_t *mono_ns, int64_t *offset_ns) {
	uint64_t best = UINT64_MAX;
	// The narrowest of some readings: one may have been interrupted.
	for (int i = 0; i < 5; i++) {
		uint64_t before = read_ns(CLOCK_MONOTONIC);
		uint64_t utc = read_ns(CLOCK_REALTIME);
		uint64_t after = read_ns(CLOCK_MONOTONIC);
		if (after - before >= best)
			continue;
		best = after - before;
		*mono_ns = before + best / 2;
		*offset_ns = (int64_t)(utc - *mono_ns);
	}
}

void xdp_clock_init(struct xdp_clock *c, uint64_t mono_ns, int64_t offset_ns) {
	*c = (struct xdp_clock){
		.offset_ns = offset_ns,
		.base_ns = mono_ns,
		.next_ns = mono_ns + XDP_CLOCK_PERIOD_NS,
	};
}

// Of the way that the offset has to go, what it has gone.
static int64_t gone(const struct xdp_clock *c, uint64_t mono_ns) {
	int64_t since = (int64_t)(mono_ns - c->base_ns);
	if (c->behind_ns == 0 || since <= 0)
		return 0;
	int64_t most = since / BEND;
	if (c->behind_ns > 0)
		return most < c->behind_ns ? most : c->behind_ns;
	return -most > c->behind_ns ? -most : c->behind_ns;
}

int64_t xdp_clock_fit(struct xdp_clock *c, uint64_t mono_ns, int64_t offset_ns) {
	int64_t aim = c->offset_ns + c->behind_ns;
	int64_t set = offset_ns - aim;
	c->offset_ns += gone(c, mono_ns);
	c->base_ns = mono_ns;
	c->next_ns = mono_ns + XDP_CLOCK_PERIOD_NS;
	if (set > -NOISE_NS && set < NOISE_NS) {
		c->behind_ns = aim - c->offset_ns;
		return 0;
	}
	if (offset_ns - c->offset_ns > STEP_NS)
		c->offset_ns = offset_ns;
	c->behind_ns = offset_ns - c->offset_ns;
	return set;
}

int64_t xdp_clock_offset_ns(const struct xdp_clock *c, uint64_t mono_ns) {
	return c->offset_ns + gone(c, mono_ns);
}

int64_t xdp_clock_us(const struct xdp_clock *c, uint64_t mono_ns) {
	return ((int64_t)mono_ns + xdp_clock_offset_ns(c, mono_ns)) / 1000;
}
