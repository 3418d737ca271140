// The NIC's clock against UTC. The rate is measured over a long time and the offset over a short one:
// a fit aims the line at where UTC will be one period from now.

#include "dpdk_clock.h"

#include "base/live_clock.h"

#define ALLOW_EXPERIMENTAL_API // rte_eth_read_clock
#include <rte_ethdev.h>

#define PERIOD_US DPDK_CLOCK_PERIOD_US
#define REMEASURE_US (600 * (int64_t)PERIOD_US) // the rate follows temperature
#define SLEW_US 10000 // further off than this, UTC was set: its scale is another
#define STEP_US PERIOD_US // so far ahead that it is followed at once
#define MAX_BEND 0.1 // of the rate

int dpdk_clock_read(uint16_t port, struct live_clock *live, uint64_t *ticks, int64_t *us) {
	int64_t before = live_clock_us(live);
	int rc = rte_eth_read_clock(port, ticks);
	int64_t after = live_clock_us(live);
	*us = before + (after - before) / 2;
	return rc;
}

static void begin_period(struct dpdk_clock *c, uint64_t ticks, int64_t us) {
	c->last_ticks = ticks;
	c->last_us = us;
	c->next_fit = ticks + (uint64_t)(PERIOD_US / c->rate);
}

bool dpdk_clock_init(
	struct dpdk_clock *c, uint64_t ticks0, int64_t us0, uint64_t ticks1, int64_t us1
) {
	if (ticks1 <= ticks0 || us1 <= us0)
		return false;
	double rate = (double)(us1 - us0) / (double)(ticks1 - ticks0);
	*c = (struct dpdk_clock){
		.base_ticks = ticks1,
		.base_us = us1,
		.us_per_tick = rate,
		.rate = rate,
		.first_ticks = ticks0,
		.first_us = us0,
	};
	begin_period(c, ticks1, us1);
	return true;
}

static int64_t distance(int64_t a) {
	return a < 0 ? -a : a;
}

static void measure_rate(struct dpdk_clock *c, uint64_t ticks, int64_t us, int64_t behind) {
	if (distance(behind) > SLEW_US) {
		c->first_ticks = ticks;
		c->first_us = us;
	} else if (us - c->first_us > REMEASURE_US) {
		c->first_ticks = c->last_ticks;
		c->first_us = c->last_us;
	}
	if (ticks > c->first_ticks && us > c->first_us)
		c->rate = (double)(us - c->first_us) / (double)(ticks - c->first_ticks);
}

void dpdk_clock_fit(struct dpdk_clock *c, uint64_t ticks, int64_t us) {
	int64_t told = dpdk_clock_us(c, ticks);
	int64_t behind = us - told;
	measure_rate(c, ticks, us, behind);
	double bend = 0;
	if (behind > STEP_US) {
		told = us;
	} else {
		bend = (double)behind / PERIOD_US;
		bend = bend > MAX_BEND ? MAX_BEND : bend < -MAX_BEND ? -MAX_BEND : bend;
	}
	c->base_ticks = ticks;
	c->base_us = told;
	c->us_per_tick = c->rate * (1 + bend);
	begin_period(c, ticks, us);
}
