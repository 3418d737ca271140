// Event time of XDP's frames: monotonic time plus an offset that follows UTC. Needs no privileges; prints
// TAP.

#include "app/input/xdp_clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND 1000000000ull
#define START (1000 * SECOND)
#define UTC (1700000000 * (int64_t)SECOND)

static uint32_t n_tests, n_failed;

static void check(bool ok, const char *fact) {
	printf("%sok %u - %s\n", ok ? "" : "not ", ++n_tests, fact);
	n_failed += !ok;
}

// A minute during which the offset is another one from the tenth second on, read once a second.
// Whether time never ran backwards; in `end_ns` how far it is off at the end.
static bool minute(int64_t set_ns, int64_t *end_ns) {
	struct xdp_clock c;
	xdp_clock_init(&c, START, UTC);
	int64_t last = INT64_MIN;
	bool forward = true;
	uint64_t t = START;
	for (; t < START + 60 * SECOND; t += SECOND / 1000) {
		int64_t offset = UTC + (t >= START + 10 * SECOND ? set_ns : 0);
		if (t >= c.next_ns)
			xdp_clock_fit(&c, t, offset);
		int64_t us = xdp_clock_us(&c, t);
		forward = forward && us >= last;
		last = us;
	}
	*end_ns = last * 1000 - ((int64_t)(t - SECOND / 1000) + UTC + set_ns);
	return forward;
}

static bool near(int64_t ns) {
	return ns > -30000 && ns < 30000;
}

int main(void) {
	int64_t off;
	check(minute(0, &off) && near(off), "time is monotonic time plus the offset");
	check(minute(500000000, &off) && near(off), "UTC set forward by half a second is followed");
	check(minute(-500000000, &off) && near(off), "UTC set back by half a second is followed");
	check(minute(3600 * (int64_t)SECOND, &off) && near(off),
	      "UTC set forward by an hour is followed at once");
	check(minute(-3600 * (int64_t)SECOND, &off) && off > 3500 * (int64_t)SECOND,
	      "UTC set back by an hour never makes time run backwards");

	struct xdp_clock c;
	xdp_clock_init(&c, START, UTC);
	int64_t told = xdp_clock_fit(&c, START + SECOND, UTC + 5000);
	check(told == 0
		      && xdp_clock_us(&c, START + SECOND) == (int64_t)(START + SECOND + UTC) / 1000,
	      "the noise of reading two clocks does not move time");
	check(xdp_clock_fit(&c, START + 2 * SECOND, UTC + 7000000) == 7000000,
	      "that UTC was set is told, and by how much");
	check(xdp_clock_us(&c, START + 2 * SECOND - 1000000)
		      <= xdp_clock_us(&c, START + 2 * SECOND),
	      "a frame from before a look at UTC is not put behind it");

	uint64_t mono;
	int64_t offset;
	struct timespec now;
	xdp_clock_read(&mono, &offset);
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t utc = now.tv_sec * (int64_t)SECOND + now.tv_nsec;
	check(llabs((int64_t)mono + offset - utc) < 100000000, "the offset leads to UTC");
	printf("1..%u\n", n_tests);
	return n_failed > 0;
}
