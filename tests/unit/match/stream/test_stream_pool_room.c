// The pool's memory: what is idle or silent longest is compressed and found again as it was, what has
// no room is scanned alone, and the budget holds under any flood.

#include "stream_pool_rig.h"

#define MEMORY (1u << 20)
#define SECOND 1000000

#if defined(__SANITIZE_ADDRESS__)
#define FLOOD 100000u
#else
#define FLOOD 1000000u
#endif

static const char patterns[] = "1:/abc/\n2:/xyz$/\n";
static const char
	rules[] = "alert tcp any any -> any any (content:\"first\"; content:\"second\"; sid:100;)\n"
		  "alert tcp any any -> any any (content:\"good\"; content:!\"bad\"; sid:101;)\n";

struct bench {
	struct pool_set set;
	struct pool_rig r;
};

static void open_bench(struct bench *b, uint64_t memory) {
	char text[8192];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s", patterns);
	// Each wants memory, most of which is not needed until it has begun.
	for (int i = 10; i < 30; i++)
		len += (size_t
		)snprintf(text + len, sizeof(text) - len, "%d:/w%d[^x]{50,300}w.{3,90}z/s\n", i, i);
	pool_set_open(&b->set, text, rules);
	pool_rig_open(&b->r, &b->set, memory);
}

static void close_bench(struct bench *b) {
	pool_rig_close(&b->r);
	pool_set_close(&b->set);
}

static const struct stream_pool_stats *stats(const struct bench *b) {
	return stream_pool_stats(b->r.p);
}

// Octets that a stream takes, awake and then compressed.
static void measure(uint64_t *awake, uint64_t *compressed) {
	struct bench b;
	struct match_stream *s = NULL;
	open_bench(&b, MEMORY);
	pool_rig_scan(&b.r, &s, "first ab");
	*awake = stats(&b)->octets;
	b.r.now_us += 10 * SECOND;
	cr_assert_eq(pool_rig_advance(&b.r, 10), 1);
	b.r.now_us += 10 * SECOND;
	pool_rig_advance(&b.r, 10); // notes that there are unused streams
	b.r.now_us += 10 * SECOND;
	pool_rig_advance(&b.r, 10);
	*compressed = stats(&b)->octets;
	cr_assert_lt(*compressed, *awake);
	close_bench(&b);
}

Test(stream_pool_room, compresses_idle_streams_and_finds_them_as_they_were) {
	struct bench b;
	struct match_stream *s = NULL;
	open_bench(&b, MEMORY);
	pool_rig_scan(&b.r, &s, "first good ab");
	cr_assert_eq(stream_pool_advance(b.r.p, b.r.now_us + 9 * SECOND, 10), 0);
	b.r.now_us += 10 * SECOND;
	cr_assert_eq(pool_rig_advance(&b.r, 0), 0);
	cr_assert_eq(pool_rig_advance(&b.r, 10), 1);
	cr_assert_eq(pool_rig_advance(&b.r, 10), 0);
	cr_assert_eq(stats(&b)->live, 0);
	cr_assert_eq(stats(&b)->compressed, 1);
	cr_assert_gt(stats(&b)->octets_compressed, 0);
	assert_told(pool_rig_end(&b.r, &s), "101");
	cr_assert_eq(stats(&b)->compressed, 1, "an end needs no more than a look");
	assert_told(pool_rig_scan(&b.r, &s, "c second xyz"), "1 100");
	assert_told(pool_rig_end(&b.r, &s), "2 101");
	cr_assert_eq(stats(&b)->live, 1);
	cr_assert_eq(stats(&b)->compressed, 0);
	cr_assert_eq(stats(&b)->compressions, 1);
	cr_assert_eq(stats(&b)->expansions, 1);
	cr_assert_eq(stats(&b)->octets_compressed, 0);
	b.r.now_us += 10 * SECOND;
	cr_assert_eq(pool_rig_advance(&b.r, 10), 1);
	stream_pool_restart(b.r.p, &s);
	cr_assert_eq(stats(&b)->octets_compressed, 0);
	assert_told(pool_rig_scan(&b.r, &s, "c second"), "");
	// Another capture begins, of an earlier day.
	b.r.now_us -= 9 * SECOND;
	cr_assert_eq(pool_rig_advance(&b.r, 10), 0);
	b.r.now_us -= 1000 * SECOND;
	cr_assert_eq(pool_rig_advance(&b.r, 10), 1);
	close_bench(&b);
}

Test(stream_pool_room, compresses_the_silent_longest_when_the_budget_is_spent) {
	struct bench b;
	struct match_stream *s[8] = {};
	uint64_t awake, compressed;
	measure(&awake, &compressed);
	open_bench(&b, 8 * awake - (awake - compressed) / 2);
	for (int i = 0; i < 8; i++) {
		b.r.now_us += SECOND;
		// The first is never silent.
		assert_told(pool_rig_scan(&b.r, &s[0], "first ab"), "");
		assert_told(pool_rig_scan(&b.r, &s[i], "first ab"), "");
	}
	cr_assert_geq(stats(&b)->compressed, 1);
	cr_assert_eq(stats(&b)->over_budget, 0);
	uint64_t before = stats(&b)->expansions;
	assert_told(pool_rig_scan(&b.r, &s[0], "c"), "1");
	assert_told(pool_rig_scan(&b.r, &s[7], "c"), "1");
	cr_assert_eq(stats(&b)->expansions, before, "they were not the ones");
	assert_told(pool_rig_scan(&b.r, &s[1], "c second"), "1 100");
	cr_assert_eq(stats(&b)->expansions, before + 1);
	for (int i = 2; i < 7; i++)
		assert_told(pool_rig_scan(&b.r, &s[i], "c second"), "1 100");
	cr_assert_eq(stats(&b)->over_budget, 0);
	cr_assert_eq(stats(&b)->restarts, 0);
	close_bench(&b);
}

Test(stream_pool_room, scans_alone_what_has_no_room) {
	struct bench b;
	struct match_stream *s = NULL;
	uint64_t awake, compressed;
	measure(&awake, &compressed);
	open_bench(&b, MEMORY);
	for (uint64_t memory = 0; memory < awake; memory += 16) {
		pool_rig_close(&b.r);
		pool_rig_open(&b.r, &b.set, memory);
		assert_told(pool_rig_scan(&b.r, &s, "first ab"), "");
		cr_assert_null(s);
		assert_told(pool_rig_scan(&b.r, &s, "c abc second"), "1");
		assert_told(pool_rig_scan(&b.r, &s, "second first good xyz"), "2 100 101");
		assert_told(pool_rig_end(&b.r, &s), "");
		cr_assert_eq(stats(&b)->over_budget, 3);
		cr_assert_eq(stats(&b)->over_budget_octets, 41);
		cr_assert_eq(stats(&b)->scanned_octets, 0);
		cr_assert_eq(stats(&b)->opened, 0);
		cr_assert_eq(stats(&b)->octets, 0);
	}
	close_bench(&b);
}

Test(stream_pool_room, begins_anew_what_lost_its_stream_for_want_of_room) {
	struct bench b;
	struct match_stream *s[64] = {};
	uint64_t awake, compressed;
	measure(&awake, &compressed);
	open_bench(&b, awake + 3 * compressed);
	int lost = 0;
	for (int i = 0; i < 64; i++) {
		b.r.now_us += SECOND;
		pool_rig_scan(&b.r, &s[i], "first ab");
		lost += s[i] == NULL;
	}
	cr_assert_geq(lost, 32);
	cr_assert_eq(stats(&b)->over_budget, lost);
	for (int i = 0; i < 63; i++)
		stream_pool_close(b.r.p, &s[i]);
	cr_assert_null(s[63]);
	assert_told(pool_rig_scan(&b.r, &s[63], "c second"), "");
	cr_assert_not_null(s[63]);
	assert_told(pool_rig_scan(&b.r, &s[63], "first"), "100");
	close_bench(&b);
}

// A rule of many terms needs a larger table than there is room for.
Test(stream_pool_room, scans_alone_when_states_find_no_room) {
	char text[8192], payload[2048] = "";
	struct pool_set set;
	struct pool_rig r;
	size_t len = 0;
	for (int i = 10; i < 60; i++) {
		len += (size_t)snprintf(
			text + len, sizeof(text) - len,
			"alert tcp any any -> any any (content:\"a%d\"; content:\"b%d\"; sid:%d;)\n",
			i, i, i
		);
		snprintf(payload + strlen(payload), 16, " b%d", i);
	}
	pool_set_open(&set, "", text);
	uint32_t starved = 0;
	for (uint64_t memory = 0, full = 0; full == 0; memory += 16) {
		struct match_stream *s = NULL;
		pool_rig_open(&r, &set, memory);
		assert_told(pool_rig_scan(&r, &s, "a10 b10"), "10");
		bool was_there = s != NULL;
		pool_rig_scan(&r, &s, payload);
		cr_assert_eq(r.n, was_there ? 1 : 0);
		const struct stream_pool_stats *st = stream_pool_stats(r.p);
		cr_assert_eq(s == NULL, st->over_budget > 0);
		cr_assert_eq(st->restarts, was_there && s == NULL);
		starved += st->restarts;
		assert_told(pool_rig_alone(&r, "a50 b50 b51 a51"), "50 51");
		cr_assert_eq(st->failed, 0);
		full = s != NULL ? memory : 0;
		stream_pool_close(r.p, &s);
		pool_rig_close(&r);
	}
	cr_assert_gt(starved, 5);
	pool_set_close(&set);
}

Test(stream_pool_room, gives_back_what_was_not_needed_for_some_time) {
	struct bench b;
	struct match_stream *s[1000] = {};
	open_bench(&b, MEMORY);
	for (int i = 0; i < 1000; i++)
		pool_rig_scan(&b.r, &s[i], "first");
	for (int i = 0; i < 1000; i++)
		stream_pool_close(b.r.p, &s[i]);
	cr_assert_gt(stats(&b)->octets, 0);
	for (int i = 0; i < 1000; i++) {
		b.r.now_us += SECOND;
		pool_rig_advance(&b.r, 10);
	}
	cr_assert_eq(stats(&b)->octets, 0);
	cr_assert_eq(stats(&b)->closed, stats(&b)->opened);
	assert_told(pool_rig_scan(&b.r, &s[0], "abc"), "1");
	close_bench(&b);
}

Test(stream_pool_room, holds_its_budget_when_all_of_it_is_awake_and_falls_idle) {
	struct bench b;
	uint64_t awake, compressed;
	measure(&awake, &compressed);
	open_bench(&b, MEMORY);
	for (uint64_t spare = 0; spare < awake; spare += awake / 16) {
		struct match_stream *s[16] = {};
		pool_rig_close(&b.r);
		pool_rig_open(&b.r, &b.set, 10 * awake + spare);
		for (int i = 0; i < 10; i++)
			pool_rig_scan(&b.r, &s[i], "first ab");
		b.r.now_us += 10 * SECOND;
		cr_assert_eq(stats(&b)->live, 10);
		cr_assert_eq(pool_rig_advance(&b.r, 1), 1);
		cr_assert_eq(pool_rig_advance(&b.r, 100), 9);
		for (int i = 0; i < 10; i++)
			assert_told(pool_rig_scan(&b.r, &s[i], "c second"), "1 100");
	}
	close_bench(&b);
}

// What a set leaves behind goes, however its unused streams were used up.
Test(stream_pool_room, keeps_nothing_of_sets_that_have_passed) {
	static struct match_stream *s[1100];
	struct bench b;
	struct pool_set next;
	open_bench(&b, MEMORY);
	pool_set_open(&next, "1:/abc/\n", "");
	for (uint32_t n = 1060; n < 1072; n++) {
		pool_rig_close(&b.r);
		pool_rig_open(&b.r, &b.set, 16 * MEMORY);
		for (uint32_t i = 0; i < n; i++)
			pool_rig_scan(&b.r, &s[i], "ab");
		b.r.now_us += 10 * SECOND;
		cr_assert_eq(pool_rig_advance(&b.r, n), n);
		pool_rig_use(&b.r, &next);
		for (uint32_t i = 0; i < n; i++)
			assert_told(pool_rig_scan(&b.r, &s[i], "c"), "1");
		for (uint32_t i = 0; i < n; i++)
			stream_pool_close(b.r.p, &s[i]);
		for (uint32_t i = 0; i < 4; i++) {
			b.r.now_us += 10 * SECOND;
			pool_rig_advance(&b.r, UINT32_MAX);
		}
		cr_assert_eq(stats(&b)->octets, 0, "of %u", n);
		cr_assert_not(stream_pool_uses(b.r.p, b.set.set));
	}
	close_bench(&b);
	pool_set_close(&next);
}

// Octets differ from direction to direction, so that streams differ in size when compressed.
static void flood_one(struct bench *b, struct match_stream **s, uint32_t i) {
	char text[64];
	int len = snprintf(
		text, sizeof(text), "w%u w%u w%u good fir", 10 + i % 20, 10 + i * 7 % 20,
		10 + i * 13 % 20
	);
	b->r.now_us += 10;
	pool_rig_scan_octets(&b->r, s, text, (uint32_t)len);
}

Test(stream_pool_room, holds_its_budget_under_a_flood, .timeout = 250) {
	struct bench b;
	struct match_stream **s = calloc(FLOOD, sizeof(struct match_stream *)), *busy = NULL;
	cr_assert_not_null(s);
	open_bench(&b, FLOOD * 100ull);
	for (uint32_t i = 0; i < FLOOD; i++) {
		flood_one(&b, &s[i], i);
		if (i % 1000 == 0)
			pool_rig_scan(&b.r, &busy, "first abc");
		if (i % 5000 == 0)
			pool_rig_advance(&b.r, 64);
	}
	cr_assert_gt(stats(&b)->over_budget, FLOOD / 4, "the flood was one");
	cr_assert_gt(stats(&b)->compressed, FLOOD / 16);
	for (uint32_t i = 0; i < FLOOD; i += 3)
		flood_one(&b, &s[i], i);
	for (uint32_t i = 0; i < FLOOD; i++)
		stream_pool_close(b.r.p, &s[i]);
	stream_pool_close(b.r.p, &busy);
	cr_assert_eq(stats(&b)->closed, stats(&b)->opened);
	cr_assert_eq(stats(&b)->octets_compressed, 0);
	cr_assert_eq(stats(&b)->live + stats(&b)->compressed, 0);
	for (int i = 0; i < 4; i++) {
		b.r.now_us += 10 * SECOND;
		pool_rig_advance(&b.r, UINT32_MAX);
	}
	cr_assert_eq(stats(&b)->octets, 0);
	cr_assert_eq(stats(&b)->failed, 0);
	free(s);
	close_bench(&b);
}
