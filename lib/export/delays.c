// Buckets are as wide as an eighth of the power of two they begin in.

#include "delays.h"

#include "base/live_clock.h"

#include <assert.h>

static uint32_t bucket(uint64_t us) {
	if (us < DELAYS_SUB)
		return (uint32_t)us;
	uint32_t power = 63 - (uint32_t)__builtin_clzll(us);
	return (power - 2) * DELAYS_SUB + (uint32_t)(us >> (power - 3)) % DELAYS_SUB;
}

// The last that falls into it.
static uint64_t upper(uint32_t bucket) {
	if (bucket < DELAYS_SUB)
		return bucket;
	uint32_t power = bucket / DELAYS_SUB + 2;
	return ((uint64_t)(DELAYS_SUB + bucket % DELAYS_SUB + 1) << (power - 3)) - 1;
}

static_assert(DELAYS_SUB == 1 << 3);

void delays_add(struct delays *d, int64_t us) {
	uint64_t late_us = us > 0 ? (uint64_t)us : 0;
	d->n++;
	d->max_us = late_us > d->max_us ? late_us : d->max_us;
	d->count[bucket(late_us)]++;
}

void delays_note(
	struct delays *d, const struct window_set *ws, const struct window_out *out,
	struct live_clock *clock
) {
	struct live_line line = live_clock_line(clock);
	uint64_t mono_ns = live_clock_mono_ns();
	if (out->tail_us == 0)
		delays_add(d, live_line_since_us(&line, mono_ns, out->end_us));
	for (uint32_t i = 0; out->tail_us != 0 && i < out->n; i++) {
		struct flow_sum sum = out->sum[i];
		if (sum.reason == FLOW_END_RESOURCES)
			continue;
		// Whether it had an end is for the reason to say: there may be another direction.
		sum.tcp_flags = sum.reason == FLOW_END_END ? TCP_RST : 0;
		int64_t due_us = window_set_due(ws, &sum);
		if (due_us != INT64_MAX)
			delays_add(d, live_line_since_us(&line, mono_ns, due_us));
	}
}

uint64_t delays_quantile(const struct delays *d, uint32_t percent) {
	uint64_t want = (d->n * percent + 99) / 100, seen = 0;
	for (uint32_t i = 0; i < DELAYS_BUCKETS && want > 0; i++) {
		seen += d->count[i];
		if (seen >= want)
			return upper(i) < d->max_us ? upper(i) : d->max_us;
	}
	return 0;
}
