// What inspection counted, as the program tells it: complete, summed up, in words, and in time.

#include "app/match_report.h"
#include "app/match_watch.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000ll

static char text[65536];

static void
write_with(void (*report)(const struct inspect_stats *s, FILE *to), const struct inspect_stats *s) {
	memset(text, 0, sizeof(text));
	FILE *to = fmemopen(text, sizeof(text) - 1, "w");
	cr_assert_not_null(to);
	report(s, to);
	fclose(to);
}

// Word i is `base` + i.
static struct inspect_stats numbered(uint64_t base) {
	struct inspect_stats s;
	uint64_t word[INSPECT_STATS_WORDS];
	for (uint32_t i = 0; i < INSPECT_STATS_WORDS; i++)
		word[i] = base + i;
	memcpy(&s, word, sizeof(s));
	return s;
}

static uint32_t occurrences(const char *what) {
	uint32_t n = 0;
	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

Test(match_report, tells_every_counter_once) {
	struct inspect_stats s = numbered(1000000);
	write_with(match_report_json, &s);
	for (uint32_t i = 0; i < INSPECT_STATS_WORDS; i++) {
		char number[16];
		snprintf(number, sizeof(number), ":%u", 1000000 + i);
		cr_expect_eq(
			occurrences(number), 1, "word %u is told %u times", i, occurrences(number)
		);
	}
	cr_expect_eq(occurrences(":1"), INSPECT_STATS_WORDS);
}

Test(match_report, is_the_inside_of_an_object) {
	struct inspect_stats s = {};
	write_with(match_report_json, &s);
	int depth = 0;
	for (const char *c = text; *c != '\0'; c++) {
		depth += *c == '{';
		depth -= *c == '}';
		cr_expect_geq(depth, 0);
	}
	cr_expect_eq(depth, 0);
	cr_expect_eq(text[0], ',');
	cr_expect_eq(occurrences("{,") + occurrences(",,") + occurrences(",}"), 0);
	cr_expect_eq(occurrences("}\"") + occurrences("(null)") + occurrences("unknown\":{"), 0);
}

Test(match_report, adds_up_workers) {
	struct inspect_stats sum = {}, a = numbered(5), b = numbered(1000);
	uint64_t word[INSPECT_STATS_WORDS];
	match_report_add(&sum, &a);
	match_report_add(&sum, &b);
	memcpy(word, &sum, sizeof(word));
	for (uint32_t i = 0; i < INSPECT_STATS_WORDS; i++)
		cr_expect_eq(word[i], 1005 + 2 * i);
}

Test(match_report, says_nothing_to_people_of_what_was_not) {
	struct inspect_stats s = {};
	write_with(match_report_text, &s);
	cr_expect_str_eq(text, "");
	s.checksums.found[CHECKSUM_OK] = 100; // nor of what is as it should be
	write_with(match_report_text, &s);
	cr_expect_str_eq(text, "");
}

Test(match_report, says_to_people_what_matters) {
	struct inspect_stats s = {
		.tcp = {.packets = 9,
			.opened = 4,
			.picked_up = 1,
			.gaps = {[TCP_GAP_ACKED] = 2, [TCP_GAP_END] = 1},
			.skipped = {[TCP_GAP_ACKED] = 2000, [TCP_GAP_END] = 20},
			.conflicts = 7},
		.tcp_flows = 3,
		.streams =
			{.live = 5,
			 .compressed = 2,
			 .opened = 8,
			 .octets = 2500000,
			 .over_budget = 11,
			 .over_budget_octets = 12000},
		.streams_memory = 85000000,
		.fragments =
			{.fragments = 10,
			 .complete = 3,
			 .given_up = {[DEFRAG_GIVEN_UP_TIMEOUT] = 1},
			 .refused = {[DEFRAG_REFUSED_TOO_BIG] = 2},
			 .conflicts = 6},
		.checksums =
			{.found = {[CHECKSUM_OK] = 90, [CHECKSUM_BAD] = 12},
			 .refused = {[CHECKSUM_BAD] = 12}},
		.rules = {.limited = 4},
	};
	write_with(match_report_text, &s);
	cr_expect_str_eq(
		text,
		"  connections  open 3, opened 4, picked up 1\n"
		"  gaps         3 (acked 2, end 1), octets skipped 2020\n"
		"  streams      live 5, compressed 2, opened 8, memory 2.50 M of 85.0 M octets, "
		"scans over budget 11 (octets 12000)\n"
		"  fragments    seen 10, datagrams complete 3, given up 1 (timeout 1), refused 2 "
		"(too_big 2)\n"
		"  conflicts    packets 7, fragments 6\n"
		"  checksums    not matched 12 of 102 (bad 12)\n"
		"  limits       a pcre gave up 4 times\n"
	);
}

static const char *
look(struct match_watch *w, const struct inspect_stats *s, int64_t now_us, bool ended) {
	return match_watch_next(w, s, now_us, ended, text, sizeof(text));
}

Test(match_watch, has_nothing_to_say_of_good_traffic) {
	struct match_watch w = {};
	struct inspect_stats s = {.checksums = {.found = {[CHECKSUM_OK] = 5000}}};
	cr_expect_null(look(&w, &s, 0, false));
	cr_expect_null(look(&w, &s, 0, true));
}

Test(match_watch, says_once_that_the_budget_is_spent) {
	struct match_watch w = {};
	struct inspect_stats s = {.streams = {.over_budget = 1}, .streams_memory = 345678};
	cr_assert_not_null(look(&w, &s, 0, false));
	cr_expect_not_null(strstr(text, "345678"));
	cr_expect_not_null(strstr(text, "match.stream_memory"));
	s.streams.over_budget = 1000;
	cr_expect_null(look(&w, &s, 0, false));
	cr_expect_null(look(&w, &s, 3600 * SECOND, true));
}

Test(match_watch, speaks_of_conflicts_at_once_and_then_once_a_minute) {
	struct match_watch w = {};
	struct inspect_stats s = {.tcp = {.conflicts = 2}, .fragments = {.conflicts = 1}};
	cr_assert_not_null(look(&w, &s, 5 * SECOND, false));
	cr_expect_not_null(strstr(text, "2 packets"));
	cr_expect_not_null(strstr(text, "1 fragments"));
	cr_expect_null(look(&w, &s, 6 * SECOND, false));
	s.fragments.conflicts++;
	cr_expect_null(look(&w, &s, 64 * SECOND, false));
	cr_expect_not_null(look(&w, &s, 65 * SECOND, false));
	cr_expect_null(look(&w, &s, 65 * SECOND, false));
	cr_expect_null(look(&w, &s, 1000 * SECOND, true)); // no more of them
}

Test(match_watch, speaks_of_checksums_when_more_than_a_tenth_is_wrong) {
	struct match_watch w = {};
	struct inspect_stats s = {
		.checksums = {
			.found = {[CHECKSUM_OK] = 900, [CHECKSUM_BAD] = 100},
			.refused = {[CHECKSUM_BAD] = 100}}};
	cr_expect_null(look(&w, &s, 0, false));
	s.checksums.found[CHECKSUM_BAD]++;
	s.checksums.refused[CHECKSUM_BAD]++;
	cr_assert_not_null(look(&w, &s, 0, false));
	cr_expect_not_null(strstr(text, "101 of 1001"));
	cr_expect_not_null(strstr(text, "match.checksums"));
	cr_expect_null(look(&w, &s, 0, true));
}

Test(match_watch, waits_for_enough_packets_or_the_end) {
	struct match_watch w = {};
	struct inspect_stats s = {
		.checksums = {.found = {[CHECKSUM_BAD] = 5}, .refused = {[CHECKSUM_BAD] = 5}}};
	cr_expect_null(look(&w, &s, 0, false));
	cr_expect_not_null(look(&w, &s, 0, true));
}

Test(match_watch, has_a_line_for_each_kind) {
	struct match_watch w = {};
	struct inspect_stats s = {
		.streams = {.over_budget = 1},
		.tcp = {.conflicts = 1},
		.checksums = {.found = {[CHECKSUM_BAD] = 1}, .refused = {[CHECKSUM_BAD] = 1}}};
	uint32_t lines = 0;
	while (look(&w, &s, 0, true) != NULL)
		lines++;
	cr_expect_eq(lines, 3);
}
