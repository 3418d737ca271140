// The pool with one set in use: what is told in which call, and what a stream knows between calls.

#include "stream_pool_rig.h"

#define MEMORY (1u << 20)

static const char patterns[] = "1:/abc/\n"
			       "2:/^abc/\n"
			       "3:/xyz$/\n"
			       "4:/two/\n"
			       "5:/1 & 4/C\n"
			       "6:/line$/m\n"
			       "7:/(la|l.)st$/\n"
			       "8:/tri|tr.\\Z/\n";
static const char rules[] =
	"alert tcp any any -> any any (content:\"first\"; content:\"second\"; sid:100;)\n"
	"alert tcp any any -> any any (content:\"good\"; content:!\"bad\"; sid:101;)\n"
	"alert tcp any any -> any any (content:\"one\"; content:\"two\"; distance:1; within:5; "
	"sid:102;)\n"
	"alert tcp any any -> any any (pcre:\"/q[0-9]{3}\\z/\"; sid:103;)\n"
	"alert tcp any any -> any 25 (content:\"mail\"; sid:104;)\n"
	"alert tcp any any -> any 80 (content:\"mail\"; sid:105;)\n";

struct bench {
	struct pool_set set;
	struct pool_rig r;
	struct match_stream *s;
};

static void open_bench(struct bench *b) {
	*b = (struct bench){};
	pool_set_open(&b->set, patterns, rules);
	pool_rig_open(&b->r, &b->set, MEMORY);
}

static void close_bench(struct bench *b) {
	stream_pool_close(b->r.p, &b->s);
	cr_assert_null(b->s);
	pool_rig_close(&b->r);
	pool_set_close(&b->set);
}

static const char *scan(struct bench *b, const char *text) {
	return pool_rig_scan(&b->r, &b->s, text);
}

static const char *end(struct bench *b) {
	return pool_rig_end(&b->r, &b->s);
}

static const struct stream_pool_stats *stats(const struct bench *b) {
	return stream_pool_stats(b->r.p);
}

Test(stream_pool, tells_a_pattern_in_the_call_that_completes_it) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "a"), "");
	assert_told(scan(&b, "b"), "");
	assert_told(scan(&b, "c"), "1 2");
	assert_told(scan(&b, "abcabcabc"), "1");
	assert_told(scan(&b, "ab"), "");
	assert_told(end(&b), "");
	cr_assert_eq(stats(&b)->scanned_octets, 14);
	cr_assert_eq(stats(&b)->opened, 1);
	close_bench(&b);
}

Test(stream_pool, tells_what_only_an_end_brings_and_goes_on_as_if_there_had_been_none) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "..xyz"), "");
	assert_told(end(&b), "3");
	assert_told(end(&b), "3");
	assert_told(scan(&b, "q12"), "");
	assert_told(end(&b), "");
	assert_told(scan(&b, "3"), "");
	assert_told(end(&b), "103");
	assert_told(scan(&b, "4 ab"), "");
	assert_told(end(&b), "");
	assert_told(scan(&b, "c"), "1");
	close_bench(&b);
}

Test(stream_pool, remembers_which_terms_were_met) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "seco"), "");
	assert_told(scan(&b, "nd"), "");
	assert_told(end(&b), "");
	assert_told(scan(&b, "first"), "100");
	assert_told(scan(&b, "-"), "");
	assert_told(scan(&b, "first"), "100");
	assert_told(scan(&b, "one"), "");
	assert_told(scan(&b, " . two"), "4 102");
	close_bench(&b);
}

Test(stream_pool, tells_at_the_end_that_a_negated_term_never_came) {
	struct bench b;
	open_bench(&b);
	assert_told(end(&b), "");
	assert_told(scan(&b, "go"), "");
	assert_told(end(&b), "");
	assert_told(scan(&b, "od b"), "");
	assert_told(end(&b), "101");
	assert_told(scan(&b, "a"), "");
	assert_told(end(&b), "101");
	assert_told(scan(&b, "d"), "");
	assert_told(end(&b), "");
	close_bench(&b);
}

Test(stream_pool, tells_what_ends_at_an_offset_once) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "a line"), "");
	assert_told(end(&b), "6");
	assert_told(scan(&b, "\n"), "6");
	assert_told(end(&b), "");
	assert_told(scan(&b, "line\nline\nline"), "6");
	assert_told(end(&b), "6");
	assert_told(scan(&b, "\nlast\n"), "6");
	assert_told(end(&b), "7");
	assert_told(scan(&b, "tri"), "8");
	assert_told(end(&b), "");
	assert_told(scan(&b, "\n"), "");
	assert_told(end(&b), "");
	assert_told(scan(&b, "tra"), "");
	assert_told(end(&b), "8");
	stream_pool_restart(b.r.p, &b.s);
	for (int i = 0; i < 2; i++) {
		assert_told(scan(&b, "line\n"), "6");
		stream_pool_restart(b.r.p, &b.s);
	}
	close_bench(&b);
}

Test(stream_pool, tells_a_combination_in_the_call_that_completes_it) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "abc"), "1 2");
	assert_told(scan(&b, "tw"), "");
	assert_told(scan(&b, "o"), "4 5");
	assert_told(end(&b), "");
	assert_told(scan(&b, "x"), "");
	assert_told(scan(&b, "abc"), "1 5");
	assert_told(end(&b), "");
	close_bench(&b);
}

Test(stream_pool, begins_a_new_stream_behind_a_gap) {
	struct bench b;
	open_bench(&b);
	scan(&b, "first good bad ab");
	stream_pool_restart(b.r.p, &b.s);
	assert_told(end(&b), "");
	assert_told(scan(&b, "c second good"), "");
	assert_told(end(&b), "101");
	stream_pool_restart(b.r.p, &b.s);
	assert_told(scan(&b, "abc"), "1 2");
	cr_assert_eq(stats(&b)->restarts, 2);
	cr_assert_eq(stats(&b)->opened, 3);
	cr_assert_eq(stats(&b)->closed, 2);
	struct match_stream *none = NULL;
	stream_pool_restart(b.r.p, &none);
	cr_assert_eq(stats(&b)->restarts, 2);
	close_bench(&b);
}

Test(stream_pool, keeps_streams_apart) {
	struct bench b;
	struct match_stream *other = NULL;
	open_bench(&b);
	scan(&b, "first ab");
	assert_told(pool_rig_scan(&b.r, &other, "c second"), "");
	assert_told(scan(&b, "c"), "1");
	assert_told(pool_rig_scan(&b.r, &other, "first"), "100");
	stream_pool_close(b.r.p, &other);
	assert_told(scan(&b, "second"), "100");
	close_bench(&b);
}

Test(stream_pool, looks_for_rules_by_port) {
	struct bench b;
	open_bench(&b);
	assert_told(scan(&b, "mail abc"), "1 105");
	stream_pool_close(b.r.p, &b.s);
	b.r.key.dst_port = 25;
	assert_told(scan(&b, "mail abc"), "1 104");
	close_bench(&b);
}

Test(stream_pool, makes_nothing_where_nothing_is_looked_for) {
	struct pool_set set;
	struct pool_rig r;
	struct match_stream *s = NULL;
	pool_set_open(&set, "", "alert tcp any any -> any 25 (content:\"mail\"; sid:1;)\n");
	pool_rig_open(&r, &set, MEMORY);
	for (int i = 0; i < 3; i++)
		assert_told(pool_rig_scan(&r, &s, "mail"), "");
	assert_told(pool_rig_end(&r, &s), "");
	stream_pool_restart(r.p, &s);
	cr_assert_eq(stream_pool_stats(r.p)->octets, 0);
	cr_assert_eq(stream_pool_stats(r.p)->opened, 0);
	cr_assert_eq(stream_pool_stats(r.p)->scanned_octets, 0);
	stream_pool_close(r.p, &s);
	r.key.dst_port = 25;
	assert_told(pool_rig_scan(&r, &s, "mail"), "1");
	pool_rig_use(&r, NULL);
	assert_told(pool_rig_scan(&r, &s, "mail"), "");
	cr_assert_eq(stream_pool_stats(r.p)->live, 0);
	pool_rig_close(&r);
	pool_set_close(&set);
}

Test(stream_pool, scans_octets_alone_as_a_stream_of_their_own) {
	struct bench b;
	open_bench(&b);
	scan(&b, "ab first");
	assert_told(pool_rig_alone(&b.r, "c second"), "");
	assert_told(pool_rig_alone(&b.r, "abc second first good xyz"), "1 2 3 100 101");
	assert_told(pool_rig_alone(&b.r, "good bad two"), "4");
	assert_told(pool_rig_alone(&b.r, "abc two"), "1 2 4 5");
	assert_told(pool_rig_alone(&b.r, "c second"), "");
	cr_assert_eq(stats(&b)->opened, 1);
	cr_assert_eq(stats(&b)->over_budget, 0);
	assert_told(scan(&b, "second"), "100");
	close_bench(&b);
}

Test(stream_pool, is_freed_with_streams_in_it) {
	struct bench b;
	struct match_stream *s[32] = {};
	open_bench(&b);
	for (int i = 0; i < 32; i++) {
		b.r.now_us += 1000000;
		pool_rig_scan(&b.r, &s[i], "first good");
	}
	pool_rig_advance(&b.r, 100);
	cr_assert_gt(stats(&b)->compressed, 5);
	cr_assert_gt(stats(&b)->live, 5);
	close_bench(&b);
	stream_pool_free(NULL);
}
