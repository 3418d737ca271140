// Plain copies; what comes back is looked at.

#include "sums_save.h"

#include <errno.h>

bool sums_save(
	const struct flow_sum *sum, uint32_t n, struct state_writer *w, uint16_t kind,
	uint16_t version
) {
	for (uint32_t i = 0; i < n;) {
		uint32_t some = n - i < SUMS_SAVED_MAX ? n - i : SUMS_SAVED_MAX;
		if (!state_writer_put(w, kind, version, &sum[i], some * (uint32_t)sizeof(*sum)))
			return false;
		i += some;
	}
	return true;
}

static bool is_sum(const struct flow_sum *s) {
	if (!flow_sum_any(s))
		return false;
	return s->first_us <= s->last_us && s->reason <= FLOW_END_RESOURCES
		&& s->distinct_is <= DISTINCT_LEAST;
}

int sums_load(const void *octets, uint32_t len, uint32_t i, struct flow_sum *sum) {
	if ((uint64_t)(i + 1) * sizeof(*sum) > len)
		return -EBADMSG;
	memcpy(sum, (const uint8_t *)octets + i * sizeof(*sum), sizeof(*sum));
	// Its set of values has a record of its own.
	sum->distinct = 0;
	return is_sum(sum) ? 0 : -EBADMSG;
}
