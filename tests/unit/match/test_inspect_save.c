// What inspection knows, saved under way and loaded by as many or other workers: from there on all is as if
// nothing had been. What is no record of any run is refused or does no harm.

#include "save_rig.h"

#include <errno.h>

static void a_trial(uint64_t seed, const struct match_engine *e) {
	traffic_init(seed);
	enum checksum_mode checksums = seed % 2 ? CHECKSUM_MODE_AUTO : CHECKSUM_MODE_IGNORE;
	struct run *plain = run_new(e, 1, checksums, MEMORY);
	for (uint32_t i = 0; i < tr.n; i++)
		give(plain, i);
	finish(plain);
	cr_assert_gt(plain->n_events, 100);

	struct run *r = run_new(e, 1 + roll(WORKERS_MAX), checksums, MEMORY);
	struct event *before = calloc(EVENTS_MAX, sizeof(*before));
	uint32_t at = 0, n_before = 0;
	for (int generation = 0; generation < 3 && at < tr.n; generation++) {
		uint32_t next, stop = at + roll(tr.n - at);
		for (; at < stop; at++)
			give(r, at);
		uint32_t n = r->n_events;
		struct run *to = saved_and_loaded(
			r, at, 1 + roll(WORKERS_MAX), e, checksums, &next
		);
		// What it did since is done once more.
		cr_assert_lt(n_before + n, EVENTS_MAX);
		memcpy(before + n_before, r->event, n * sizeof(*before));
		n_before += n;
		run_free(r);
		r = to;
	}
	for (; at < tr.n; at++)
		give(r, at);
	finish(r);
	cr_assert_lt(n_before + r->n_events, EVENTS_MAX);
	memcpy(before + n_before, r->event, r->n_events * sizeof(*before));
	struct run all = {.event = before, .n_events = n_before + r->n_events};
	expect_same(plain, 0, &all, 0);
	expect_same_counts(&plain->stats, &r->stats);
	free(before);
	run_free(r);
	run_free(plain);
}

Test(inspect_save, goes_on_as_if_nothing_had_been_whenever_it_is_saved_and_whoever_loads) {
	struct match_engine *e = make_engine(patterns, rules, true);
	const char *trials = getenv("SLUICE_TRIALS");
	uint64_t n = trials != NULL ? strtoull(trials, NULL, 10) : 12;
	for (uint64_t seed = 1; seed <= n; seed++)
		a_trial(seed, e);
	match_engine_free(e);
	traffic_init(0);
}

// All records of a run that is in the midst of everything.
static struct state_chunk *some_state(const struct match_engine *e) {
	struct state_buffer b;
	struct run *r = run_new(e, 1, CHECKSUM_MODE_AUTO, MEMORY);
	traffic_init(5);
	for (uint32_t i = 0; i < SENT_MAX / 2; i++)
		give(r, i);
	state_buffer_init(&b, 64u << 20);
	inspect_save_begin(r->in[0], &b.writer, 0);
	while (!inspect_save_step(r->in[0]))
		continue;
	run_free(r);
	return state_buffer_take(&b);
}

static void expect_balance(const struct inspect *in) {
	struct inspect_stats s;
	uint64_t octets = 0, closed = 0;
	inspect_stats(in, &s);
	for (int i = 0; i < TCP_FATES; i++)
		octets += s.tcp.octets[i];
	for (int i = 0; i < TCP_CLOSES; i++)
		closed += s.tcp.closed[i];
	cr_expect_eq(octets, s.tcp.octets_in);
	cr_expect_eq(s.tcp.opened, s.tcp_flows + closed);
	cr_expect_eq(s.streams.opened, s.streams.live + s.streams.compressed + s.streams.closed);
	cr_expect_eq(
		s.flows.opened,
		s.flows.flows + s.flows.expired + s.flows.displaced + s.flows.evicted
	);
}

Test(inspect_save, what_finds_no_room_is_counted) {
	struct match_engine *e = make_engine(patterns, rules, true);
	struct state_chunk *all = some_state(e);
	struct run *r = run_new(e, 1, CHECKSUM_MODE_AUTO, INSPECT_MEMORY_MIN);
	struct inspect_stats s;
	struct err err;
	// As much again as there is room for.
	load(r, 0, all);
	cr_assert_eq(inspect_load_end(r->in[0], &err), 0);
	expect_balance(r->in[0]);
	inspect_stats(r->in[0], &s);
	cr_expect_gt(s.tcp_flows, 20);
	for (uint32_t i = SENT_MAX / 2; i < SENT_MAX; i++)
		give(r, i);
	finish(r);
	expect_balance(r->in[0]);
	run_free(r);
	state_chunks_free(all);
	match_engine_free(e);
}

// Loads all records, of which number `victim` is not as it was. Returns what loading says.
static int load_damaged(struct inspect *in, const struct state_chunk *all, uint32_t victim) {
	static uint8_t record[STATE_CHUNK] __attribute__((aligned(8)));
	uint32_t number = 0;
	int ret = 0;
	for (; all != NULL && ret == 0; all = all->next) {
		struct state_record r;
		struct err err;
		uint32_t at = 0;
		while (ret == 0 && state_next(all->octets, all->used, &at, &r) > 0) {
			if (number++ == victim) {
				memcpy(record, r.octets, r.len);
				uint32_t reach = r.len > 176 && random() % 2 ? 176 : r.len;
				for (int k = random() % 3; k >= 0; k--)
					record[random() % reach] = (uint8_t
					)(random() % 3 ? random() : 0);
				r.len = random() % 20 ? r.len : (uint32_t)random() % r.len;
				r.octets = record;
			}
			ret = inspect_load(in, &r, NULL, &err);
		}
	}
	return ret;
}

Test(inspect_save, damaged_records_are_refused_or_do_no_harm) {
	struct match_engine *e = make_engine(patterns, rules, true);
	struct state_chunk *all = some_state(e);
	const char *trials = getenv("SLUICE_TRIALS");
	int n = trials != NULL ? atoi(trials) : 200, refused = 0;
	uint32_t records = 0;
	for (const struct state_chunk *c = all; c != NULL; c = c->next) {
		struct state_record r;
		for (uint32_t at = 0; state_next(c->octets, c->used, &at, &r) > 0;)
			records++;
	}
	for (int i = 0; i < n; i++) {
		struct run *r = run_new(e, 1, CHECKSUM_MODE_AUTO, MEMORY);
		struct err err;
		int ret = load_damaged(r->in[0], all, (uint32_t)random() % records);
		if (ret == 0)
			ret = inspect_load_end(r->in[0], &err);
		cr_assert(ret == 0 || ret == -EBADMSG, "%d", ret);
		refused += ret != 0;
		for (uint32_t k = SENT_MAX / 2; k < SENT_MAX * 5 / 8 && ret == 0; k++)
			give(r, k);
		if (ret == 0)
			finish(r);
		run_free(r);
	}
	cr_expect_gt(refused, n / 4);
	state_chunks_free(all);
	match_engine_free(e);
}
