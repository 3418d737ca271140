// The clock of a run with UTC in the test's hands: this executable has a clock_gettime of its own.

#include "base/live_clock.h"

#include <criterion/criterion.h>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000ll
#define HOUR (3600 * SECOND)
#define YEAR (365 * 24 * HOUR)

static struct {
	bool on;
	int64_t mono_ns, utc_ns;
} fake;

int clock_gettime(clockid_t id, struct timespec *ts) {
	if (!fake.on)
		return (int)syscall(SYS_clock_gettime, id, ts);
	int64_t ns = id == CLOCK_REALTIME ? fake.utc_ns : fake.mono_ns;
	*ts = (struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
	return 0;
}

static struct live_clock c;
static int64_t told_us;

static void pass(int64_t ns) {
	fake.mono_ns += ns;
	fake.utc_ns += ns;
}

static void begin(void) {
	fake.on = true;
	fake.mono_ns = 1000 * SECOND;
	fake.utc_ns = 1700000000 * SECOND;
	live_clock_init(&c);
	told_us = live_clock_us(&c);
}

static void finish(void) {
	fake.on = false;
}

// Some seconds, in each of which time goes on.
static void go_on(uint32_t seconds) {
	for (uint32_t i = 0; i < seconds * 20; i++) {
		pass(SECOND / 20);
		int64_t us = live_clock_us(&c);
		cr_assert_geq(us, told_us + 45000 - 1);
		live_clock_tend(&c);
		told_us = live_clock_us(&c);
		cr_assert_geq(told_us, us);
	}
}

TestSuite(live_clock, .init = begin, .fini = finish);

Test(live_clock, it_tells_utc) {
	go_on(3);
	cr_expect_eq(told_us, fake.utc_ns / 1000);
}

Test(live_clock, while_nobody_sets_utc_nothing_is_written) {
	uint64_t seq = c.published.seq;
	go_on(10);
	cr_expect_eq(c.published.seq, seq);
}

Test(live_clock, set_back_by_an_hour_time_goes_on) {
	go_on(3);
	fake.utc_ns -= HOUR;
	go_on(60);
	int64_t ahead_us = told_us - fake.utc_ns / 1000;
	cr_expect_lt(ahead_us, (HOUR - 5 * SECOND) / 1000, "and comes nearer to UTC");
	cr_expect_gt(ahead_us, (HOUR - 7 * SECOND) / 1000);
}

Test(live_clock, set_forward_by_an_hour_and_by_years_it_is_there_within_a_second) {
	static const int64_t sets[] = {HOUR, 10 * YEAR};
	for (int i = 0; i < 2; i++) {
		fake.utc_ns += sets[i];
		go_on(2);
		cr_expect_eq(told_us, fake.utc_ns / 1000);
	}
}

Test(live_clock, set_there_and_back_it_stays_ahead) {
	fake.utc_ns += 10 * YEAR;
	go_on(2);
	fake.utc_ns -= 10 * YEAR;
	go_on(20);
	cr_expect_gt(told_us, (fake.utc_ns + 10 * YEAR - 3 * SECOND) / 1000);
}

Test(live_clock, a_run_before_it_may_have_been_further) {
	int64_t utc_us = fake.utc_ns / 1000;
	live_clock_reach(&c, utc_us - 5000000);
	cr_expect_eq(live_clock_us(&c), utc_us, "or not");
	live_clock_reach(&c, utc_us + 5000000);
	cr_expect_eq(live_clock_us(&c), utc_us + 5000000);
	told_us = live_clock_us(&c);
	go_on(60);
	cr_expect_eq(told_us, fake.utc_ns / 1000, "UTC is met");
	live_clock_reach(&c, INT64_MAX);
	live_clock_reach(&c, INT64_MIN);
	cr_expect_eq(live_clock_us(&c), told_us, "no run has come there");
}
