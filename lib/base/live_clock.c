// What is published is the line as it is bent, not the time: it changes when somebody sets UTC, and is
// read in between without anybody writing.

#include "live_clock.h"

#include "log.h"

#include <time.h>

#define SET_FAR_NS 1000000000 // UTC was set by so much that it is worth a word
#define LEAD_NS \
	100000000 // a line bends from so far ahead: until then who has yet to read it is right

static uint64_t read_ns(clockid_t id) {
	struct timespec ts;
	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t live_clock_mono_ns(void) {
	return read_ns(CLOCK_MONOTONIC);
}

void live_clock_read(uint64_t *mono_ns, int64_t *offset_ns) {
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

#define PUBLISHED 5

static void publish(struct live_clock *c) {
	const struct live_line *l = &c->line;
	uint64_t value[PUBLISHED] = {
		(uint64_t)l->offset_ns,    (uint64_t)l->behind_ns,  l->base_ns,
		(uint64_t)l->leap_from_ns, (uint64_t)l->leap_to_ns,
	};
	counters_publish(&c->published, value, PUBLISHED);
}

void live_clock_init(struct live_clock *c) {
	uint64_t mono_ns;
	int64_t offset_ns;
	*c = (struct live_clock){0};
	live_clock_read(&mono_ns, &offset_ns);
	live_line_init(&c->line, mono_ns, offset_ns);
	c->next_ns = mono_ns + LIVE_CLOCK_PERIOD_NS;
	publish(c);
}

int64_t live_clock_tend(struct live_clock *c) {
	uint64_t mono_ns;
	int64_t offset_ns;
	if (live_clock_mono_ns() < c->next_ns)
		return 0;
	live_clock_read(&mono_ns, &offset_ns);
	c->next_ns = mono_ns + LIVE_CLOCK_PERIOD_NS;
	int64_t set_ns = live_line_fit(&c->line, mono_ns + LEAD_NS, offset_ns);
	if (set_ns != 0)
		publish(c);
	if (set_ns > SET_FAR_NS || set_ns < -SET_FAR_NS)
		log_warn(
			"the clock was set %s by %.1f s: event time %s",
			set_ns > 0 ? "forward" : "back",
			(double)(set_ns > 0 ? set_ns : -set_ns) / 1e9,
			set_ns > 0 ? "follows" : "follows slowly, so that no packet is late by it"
		);
	return set_ns;
}

void live_clock_reach(struct live_clock *c, int64_t us) {
	uint64_t mono_ns = live_clock_mono_ns();
	if (us > INT64_MAX / 1000 || us < 0 || !live_line_reach(&c->line, mono_ns, us * 1000))
		return;
	publish(c);
	log_warn(
		"the clock is %.1f s behind the time that a run before came to: event time goes on from "
		"there, and meets the clock slowly",
		(double)-c->line.behind_ns / 1e9
	);
}

struct live_line live_clock_line(struct live_clock *c) {
	uint64_t value[PUBLISHED];
	counters_read(&c->published, value, PUBLISHED);
	return (struct live_line){
		.offset_ns = (int64_t)value[0],
		.behind_ns = (int64_t)value[1],
		.base_ns = value[2],
		.leap_from_ns = (int64_t)value[3],
		.leap_to_ns = (int64_t)value[4],
	};
}

int64_t live_clock_us(struct live_clock *c) {
	struct live_line line = live_clock_line(c);
	return live_line_us(&line, live_clock_mono_ns());
}
