// One look at the clock a round, and only once a run is ending.

#include "drain.h"

#include <time.h>

bool drain_goes_on(struct drain *d, int taken) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	int64_t now_us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	if (d->end_us == 0) {
		d->end_us = now_us + DRAIN_MAX_US;
		d->quiet_us = now_us;
	}
	if (taken > 0)
		d->quiet_us = now_us;
	return now_us < d->end_us && now_us - d->quiet_us < DRAIN_QUIET_US;
}
