// Sets of rules that follow one another while streams live: what both look for is missed nowhere, what
// is new begins with the change, what is gone is silent, and sets are given back.

#include "stream_pool_rig.h"

#define MEMORY (1u << 20)
#define SECOND 1000000
#define SETS 12u

#define RULE(sid, options) "alert tcp any any -> any any (" options "; sid:" sid ";)\n"

static const char first_patterns[] = "1:/abc/\n2:/^start/\n3:/gone/\n4:/end$/\n";
static const char first_rules[] = RULE("100", "content:\"first\"; content:\"second\"")
	RULE("101", "content:\"good\"; content:!\"bad\"") RULE("102", "content:\"gone too\"");
static const char second_patterns[] = "9:/new/\n1:/abc/\n2:/^start/\n4:/end$/\n";
static const char second_rules[] = RULE("200", "content:\"new\"; content:\"also\"")
	RULE("101", "content:\"good\"; content:!\"bad\"")
		RULE("100", "content:\"first\"; content:\"second\"");

struct bench {
	struct pool_set set[SETS];
	uint32_t n;
	struct pool_rig r;
	struct match_stream *s;
};

// Adds a set; returns it.
static const struct pool_set *add(struct bench *b, const char *patterns, const char *rules) {
	cr_assert_lt(b->n, SETS);
	pool_set_open(&b->set[b->n], patterns, rules);
	return &b->set[b->n++];
}

static void open_bench(struct bench *b) {
	*b = (struct bench){};
	pool_rig_open(&b->r, add(b, first_patterns, first_rules), MEMORY);
}

static void close_bench(struct bench *b) {
	stream_pool_close(b->r.p, &b->s);
	pool_rig_close(&b->r);
	for (uint32_t i = 0; i < b->n; i++)
		pool_set_close(&b->set[i]);
}

static const char *scan(struct bench *b, const char *text) {
	return pool_rig_scan(&b->r, &b->s, text);
}

static const char *end(struct bench *b) {
	return pool_rig_end(&b->r, &b->s);
}

static bool uses(const struct bench *b, uint32_t set) {
	return stream_pool_uses(b->r.p, b->set[set].set);
}

static const struct stream_pool_stats *stats(const struct bench *b) {
	return stream_pool_stats(b->r.p);
}

Test(stream_pool_sets, miss_nothing_that_both_have) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "start first ab"), "2");
	pool_rig_use(&b.r, add(&b, second_patterns, second_rules));
	assert_told(scan(&b, "c second"), "1 100");
	assert_told(scan(&b, "abc first en"), "1 100");
	pool_rig_use(&b.r, add(&b, first_patterns, first_rules));
	assert_told(scan(&b, "d"), "");
	assert_told(end(&b), "4");
	assert_told(scan(&b, "ab"), "");
	pool_rig_use(&b.r, add(&b, second_patterns, second_rules));
	assert_told(end(&b), "");
	assert_told(scan(&b, "c"), "1");
	cr_assert_eq(stats(&b)->restarts, 0);
	cr_assert_eq(stats(&b)->opened, 1);
	cr_assert_eq(stats(&b)->parts_cut, 0);
	close_bench(&b);
}

Test(stream_pool_sets, begin_what_is_new_with_the_change_and_silence_what_is_gone) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "gone new also n"), "3");
	pool_rig_use(&b.r, add(&b, second_patterns, second_rules));
	assert_told(scan(&b, "ew gone gone too"), "");
	assert_told(scan(&b, "new"), "9");
	assert_told(scan(&b, "also"), "200");
	assert_told(end(&b), "");
	close_bench(&b);
}

Test(stream_pool_sets, let_a_stream_begin_once_and_know_what_it_had_before_the_change) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "bad"), "");
	pool_rig_use(&b.r, add(&b, second_patterns, second_rules));
	assert_told(scan(&b, "start"), "");
	assert_told(scan(&b, "good"), "");
	assert_told(end(&b), "");
	stream_pool_close(b.r.p, &b.s);
	assert_told(scan(&b, "start good"), "2");
	assert_told(end(&b), "101");
	close_bench(&b);
}

// The rule is the same in both, but the stream is looked at for it only since the change.
Test(stream_pool_sets, let_new_parts_speak_where_the_old_ones_never_looked) {
	static const char narrow[] = "alert tcp any any -> any 25 (content:\"mail\"; sid:1;)\n"
				     "alert tcp any any -> any 80 (content:\"web\"; sid:2;)\n";
	static const char wide[] = "alert tcp any any -> any [25,80] (content:\"mail\"; sid:1;)\n"
				   "alert tcp any any -> any 80 (content:\"web\"; sid:2;)\n";
	struct bench b = {};
	pool_rig_open(&b.r, add(&b, "", narrow), MEMORY);
	assert_told(scan(&b, "mail web ma"), "2");
	pool_rig_use(&b.r, add(&b, "", wide));
	assert_told(scan(&b, "il we"), "");
	assert_told(scan(&b, "b mail"), "1 2");
	close_bench(&b);
}

Test(stream_pool_sets, change_nothing_where_both_look_for_the_same) {
	struct bench b;
	struct match_stream *other = NULL;
	open_bench(&b);
	assert_told(scan(&b, "start ab"), "2");
	uint64_t octets = stats(&b)->octets;
	for (int i = 0; i < 3; i++) {
		pool_rig_use(&b.r, add(&b, first_patterns, first_rules));
		assert_told(scan(&b, "c start gone ab"), "1 3");
		cr_assert_eq(stats(&b)->octets, octets);
	}
	assert_told(pool_rig_scan(&b.r, &other, "first"), "");
	cr_assert(uses(&b, 0));
	cr_assert_not(uses(&b, 1));
	cr_assert_not(uses(&b, 2));
	cr_assert(uses(&b, 3));
	pool_rig_use(&b.r, add(&b, second_patterns, second_rules));
	assert_told(scan(&b, "c new first second"), "1 9 100");
	assert_told(pool_rig_scan(&b.r, &other, "second"), "100");
	stream_pool_close(b.r.p, &other);
	stream_pool_close(b.r.p, &b.s);
	pool_rig_advance(&b.r, 100);
	for (uint32_t i = 0; i < 4; i++)
		cr_assert_not(uses(&b, i));
	close_bench(&b);
}

// Streams that are awake, compressed, and with states, through far more sets than there may be.
Test(stream_pool_sets, change_nothing_however_often_they_are_the_same) {
	struct bench b;
	struct match_stream *quiet = NULL, *busy = NULL, *both = NULL;
	open_bench(&b);
	add(&b, first_patterns, first_rules);
	assert_told(pool_rig_scan(&b.r, &quiet, "start first ab"), "2");
	b.r.now_us += 20 * SECOND;
	pool_rig_advance(&b.r, 10);
	cr_assert_eq(stats(&b)->compressed, 1);
	assert_told(scan(&b, "start good ab"), "2");
	// A time with another set ahead of the last: this one has parts of two.
	for (uint32_t i = 1; i <= 4 * STREAM_PARTS_MAX; i++) {
		pool_rig_use(&b.r, &b.set[i % 2]);
		pool_rig_scan(&b.r, &busy, "ab");
		assert_told(pool_rig_scan(&b.r, &busy, "c"), "1");
		pool_rig_advance(&b.r, 10);
	}
	cr_assert_eq(stats(&b)->parts_cut, 0);
	cr_assert_eq(stats(&b)->restarts, 0);
	cr_assert_eq(stats(&b)->compressed, 1);
	assert_told(pool_rig_scan(&b.r, &quiet, "c second"), "1 100");
	assert_told(scan(&b, "c"), "1");
	assert_told(end(&b), "101");
	// The next one is another; what moved is old then.
	pool_rig_use(&b.r, add(&b, second_patterns, second_rules));
	assert_told(scan(&b, "bad start first ab"), "");
	pool_rig_scan(&b.r, &both, "new");
	for (uint32_t i = 1; i < STREAM_PARTS_MAX; i++) {
		assert_told(scan(&b, "c ab"), "1");
		pool_rig_use(&b.r, &b.set[i % 2]);
	}
	assert_told(scan(&b, "c second"), "1 100");
	assert_told(end(&b), "");
	stream_pool_close(b.r.p, &quiet);
	stream_pool_close(b.r.p, &busy);
	stream_pool_close(b.r.p, &both);
	close_bench(&b);
}

// What there is no room to move is cut, and counted.
Test(stream_pool_sets, give_up_what_finds_no_room_to_go_on) {
	struct bench b;
	struct match_stream *s[64] = {};
	uint32_t n = 0;
	b = (struct bench){};
	pool_rig_open(&b.r, add(&b, first_patterns, first_rules), 8192);
	add(&b, first_patterns, first_rules);
	while (n < 64 && stats(&b)->over_budget == 0) {
		b.r.now_us++;
		pool_rig_scan(&b.r, &s[n++], "start ab");
	}
	cr_assert_lt(n, 64u);
	for (uint32_t i = 1; i <= 2 * STREAM_PARTS_MAX; i++) {
		pool_rig_use(&b.r, &b.set[i % 2]);
		pool_rig_advance(&b.r, 100);
		cr_assert_leq(stats(&b)->octets, 8192);
	}
	uint32_t kept = 0;
	for (uint32_t i = 0; i < n; i++)
		kept += strcmp(pool_rig_scan(&b.r, &s[i], "c"), "1") == 0;
	cr_assert_eq(kept + stats(&b)->parts_cut / 2, n - 1);
	for (uint32_t i = 0; i < n; i++)
		stream_pool_close(b.r.p, &s[i]);
	pool_rig_advance(&b.r, 100);
	close_bench(&b);
}

Test(stream_pool_sets, reach_streams_that_were_silent_through_many) {
	struct bench b;
	struct match_stream *now_and_then = NULL;
	open_bench(&b);
	add(&b, second_patterns, second_rules);
	assert_told(scan(&b, "start first bad gon"), "2");
	for (uint32_t i = 1; i < STREAM_PARTS_MAX; i++) {
		pool_rig_use(&b.r, &b.set[i % 2]);
		if (i % 3 == 2)
			pool_rig_scan(&b.r, &now_and_then, "ab");
		if (i % 3 == 0)
			assert_told(pool_rig_scan(&b.r, &now_and_then, "c"), "1");
		cr_assert(uses(&b, 0));
	}
	// What was not in all of the sets begins here.
	assert_told(scan(&b, "e second start good abc new also"), "1 9 100 200");
	assert_told(end(&b), "");
	cr_assert_eq(stats(&b)->parts_cut, 0);
	cr_assert_eq(stats(&b)->restarts, 0);
	stream_pool_close(b.r.p, &now_and_then);
	close_bench(&b);
}

Test(stream_pool_sets, let_go_of_old_parts_far_behind_the_change) {
	struct bench b;
	static char filler[10000];
	open_bench(&b);
	memset(filler, '.', sizeof(filler));
	scan(&b, "start first");
	pool_rig_use(&b.r, add(&b, second_patterns, second_rules));
	uint64_t octets = 0;
	while (uses(&b, 0)) {
		cr_assert_lt(octets, STREAM_PART_OCTETS + 2 * sizeof(filler));
		pool_rig_scan_octets(&b.r, &b.s, filler, sizeof(filler));
		octets += sizeof(filler);
	}
	cr_assert_geq(octets, STREAM_PART_OCTETS);
	cr_assert_eq(stats(&b)->parts_cut, 2, "one of the patterns, one of the rules");
	assert_told(scan(&b, "second abc"), "1");
	assert_told(scan(&b, "first"), "100");
	cr_assert_eq(stats(&b)->restarts, 0);
	close_bench(&b);
}

Test(stream_pool_sets, let_go_of_parts_when_too_many_sets_have_come) {
	struct bench b;
	struct match_stream *quiet = NULL, *late = NULL;
	char text[64];
	open_bench(&b);
	assert_told(pool_rig_scan(&b.r, &quiet, "ab"), "");
	for (uint32_t i = 0; i < STREAM_PARTS_MAX + 2; i++) {
		assert_told(scan(&b, "ab"), "");
		snprintf(text, sizeof(text), "1:/abc/\n2:/^start/\n%u:/x%u/\n", 50 + i, i);
		pool_rig_use(&b.r, add(&b, text, ""));
		assert_told(scan(&b, "c"), "1");
		if (i == 3)
			pool_rig_scan(&b.r, &late, "ab");
	}
	pool_rig_advance(&b.r, 100);
	cr_assert_not(uses(&b, 0));
	cr_assert_not(uses(&b, 1));
	cr_assert_not(uses(&b, 2));
	for (uint32_t i = 3; i < b.n; i++)
		cr_assert(uses(&b, i));
	cr_assert_gt(stats(&b)->parts_cut, 4);
	// What was cut altogether begins anew, and is counted.
	cr_assert_eq(stats(&b)->restarts, 0);
	assert_told(pool_rig_scan(&b.r, &quiet, "c start abc"), "1");
	cr_assert_eq(stats(&b)->restarts, 1);
	assert_told(pool_rig_scan(&b.r, &late, "c x9 x0"), "1 59");
	cr_assert_eq(stats(&b)->restarts, 1);
	stream_pool_close(b.r.p, &late);
	stream_pool_close(b.r.p, &quiet);
	stream_pool_close(b.r.p, &b.s);
	cr_assert_eq(stats(&b)->live + stats(&b)->compressed, 0);
	close_bench(&b);
}

Test(stream_pool_sets, give_back_many_parts_bit_by_bit) {
	struct bench b;
	struct match_stream *s[400] = {};
	open_bench(&b);
	for (int i = 0; i < 400; i++) {
		b.r.now_us += SECOND / 20;
		pool_rig_scan(&b.r, &s[i], "start ab");
	}
	pool_rig_advance(&b.r, 100);
	cr_assert_gt(stats(&b)->compressed, 50);
	for (uint32_t i = 0; i < STREAM_PARTS_MAX - 1; i++) {
		char text[64];
		snprintf(text, sizeof(text), "1:/abc/\n%u:/x%u/\n", 50 + i, i);
		pool_rig_use(&b.r, add(&b, text, ""));
		pool_rig_scan(&b.r, &b.s, ".");
	}
	cr_assert_eq(stats(&b)->parts_cut, 0);
	// Without a map nothing of the past counts.
	cr_assert_eq(stream_pool_use(b.r.p, NULL, NULL, NULL, false), 0);
	b.r.set = NULL;
	cr_assert_gt(stats(&b)->parts_cut, 400);
	uint32_t calls = 0;
	for (; uses(&b, 0); calls++)
		pool_rig_advance(&b.r, 10);
	cr_assert_leq(calls, 100);
	for (uint32_t i = 0; i < b.n; i++)
		cr_assert_not(uses(&b, i));
	for (int i = 0; i < 400; i += 2)
		assert_told(pool_rig_scan(&b.r, &s[i], "c"), "");
	for (int i = 0; i < 400; i++)
		stream_pool_close(b.r.p, &s[i]);
	stream_pool_close(b.r.p, &b.s);
	cr_assert_eq(stats(&b)->octets, 0);
	close_bench(&b);
}

Test(stream_pool_sets, find_compressed_streams_as_they_were) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "bad first ab"), "");
	for (uint32_t i = 0; i < 3; i++) {
		b.r.now_us += 10 * SECOND;
		pool_rig_advance(&b.r, 10);
		pool_rig_use(
			&b.r,
			i % 2 == 0 ? add(&b, second_patterns, second_rules)
				   : add(&b, first_patterns, first_rules)
		);
		assert_told(scan(&b, "c good second ab"), "1 100");
		assert_told(end(&b), "");
	}
	close_bench(&b);
}

// With room for the old part alone, the rules of the old set go on and the others are looked for
// packet by packet.
Test(stream_pool_sets, keep_the_old_part_where_a_new_one_has_no_room) {
	struct bench b = {};
	pool_rig_open(&b.r, add(&b, first_patterns, first_rules), MEMORY);
	scan(&b, "start bad good first ab");
	uint64_t one = stats(&b)->octets;
	stream_pool_close(b.r.p, &b.s);
	pool_rig_close(&b.r);
	pool_rig_open(&b.r, &b.set[0], one);
	assert_told(scan(&b, "start bad first ab"), "2");
	pool_rig_use(&b.r, add(&b, second_patterns, second_rules));
	assert_told(scan(&b, "c start good ne"), "1");
	assert_told(scan(&b, "w second"), "100");
	assert_told(scan(&b, "new also"), "9 200");
	assert_told(end(&b), "");
	cr_assert_eq(stats(&b)->over_budget, 3);
	cr_assert_eq(stats(&b)->restarts, 0);
	close_bench(&b);
}

Test(stream_pool_sets, are_used_until_the_last_stream_has_left) {
	struct bench b;
	open_bench(&b);
	cr_assert(uses(&b, 0));
	pool_rig_use(&b.r, add(&b, second_patterns, second_rules));
	cr_assert_not(uses(&b, 0), "no stream had come");
	cr_assert(uses(&b, 1));
	scan(&b, "new");
	pool_rig_alone(&b.r, "new");
	pool_rig_use(&b.r, add(&b, first_patterns, first_rules));
	cr_assert(uses(&b, 1));
	stream_pool_close(b.r.p, &b.s);
	pool_rig_advance(&b.r, 10);
	cr_assert_not(uses(&b, 1));
	// A set that was in use before is in use again.
	pool_rig_use(&b.r, &b.set[1]);
	assert_told(scan(&b, "new gone"), "9");
	cr_assert(uses(&b, 1));
	cr_assert_not(uses(&b, 2));
	close_bench(&b);
}
