// lib/match/stream/stream_set_judge.c: expressions by weight, and that what is light is compiled soon.

#include "match/stream/stream_set_judge.h"

#include "repeat.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(stream_set_judge, weight_is_octets_with_their_repeats) {
	static const struct {
		const char *regex;
		uint32_t weight;
	} t[] = {
		{"", 0},
		{"\\x41\\x42", 2},
		{"[\\x41\\x61]\\x20[^\\x0a-\\x0d]", 3},
		{"\\x41{3}", 3},
		{"\\x41{2,7}\\x42", 8},
		{"\\x41{5,}\\x42", 6},
		{".{0,100}\\x41", 101},
		{"\\x41*[\\x5d]+.?", 3},
		{"(?:\\x41\\x42){10}\\x43", 21},
		{"(?:\\x41|\\x42\\x43)", 3},
		{"(?:(?:\\x41\\x42){3}\\x43){2}", 14},
		{"^(?m:^)\\x41\\z(?m:$)", 5},
		{"(?:\\x41{1000}){1000}", 1000000},
		{"(?:(?:(?:\\x41{1000}){1000}){1000}){1000}", STREAM_WEIGHT_MAX},
		{"\\x41{99999999999999999999}", STREAM_WEIGHT_MAX},
		// Nothing that plans write, and no harm.
		{"[", 1},
		{"\\", 1},
		{"\\x", 1},
		{")))", 0},
		{"((a", 1},
		{"(?", 0},
		{"{3}{2}", 0},
	};
	for (unsigned i = 0; i < COUNT(t); i++)
		cr_expect_eq(
			stream_piece_weight(t[i].regex), t[i].weight, "%s: %u", t[i].regex,
			stream_piece_weight(t[i].regex)
		);
	char deep[1000];
	memset(deep, '(', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	cr_expect_eq(stream_piece_weight(deep), STREAM_WEIGHT_MAX);
}

Test(stream_set_judge, a_literal_is_octets_alone) {
	cr_expect(stream_piece_is_literal("\\x41\\x42"));
	cr_expect_not(stream_piece_is_literal("\\x41.\\x42"));
	cr_expect_not(stream_piece_is_literal("\\x41\\x42+"));
	cr_expect_not(stream_piece_is_literal("[\\x41\\x61]"));
	cr_expect_not(stream_piece_is_literal("\\x41\\x4"));
	cr_expect_not(stream_piece_is_literal("\\z"));
}

Test(stream_set_judge, literals_cost_least_and_what_is_heavy_is_tried, .timeout = 60) {
	struct detect_probe probe = {.stream = true};
	struct err err = {};
	uint32_t cost, more;
	char *literal = repeat("\\x41", 3000);
	struct pattern p = {.regex = literal, .flags = PATTERN_DOTALL};
	cr_expect_eq(stream_piece_judge(&probe, &p, &cost, &err), 0);
	cr_expect_eq(cost, 1u);
	free(literal);
	p.regex = (char[]){"\\x41.*\\x42"};
	cr_expect_eq(stream_piece_judge(&probe, &p, &more, &err), 0);
	cr_expect_gt(more, cost);
	cr_expect_eq(probe.tried, 0u);
	p.regex = (char[]){"\\x41.{900}"};
	cr_expect_eq(stream_piece_judge(&probe, &p, &cost, &err), 0);
	cr_expect_gt(cost, more);
	cr_expect_eq(probe.tried, 1u);
	probe.limit_ms = 10;
	p.regex = (char[]){"(?:[^a]{1,900}a[^x]{1,900}b){20}(?:[^y]{1,900}c[^z]{1,900}d){20}"};
	cr_expect_eq(stream_piece_judge(&probe, &p, &cost, &err), -E2BIG);
	cr_expect_not_null(strstr(err.text, "processor time"), "%s", err.text);
	p.regex = (char[]){"a.{40000}b"};
	probe.limit_ms = 0;
	cr_expect_eq(stream_piece_judge(&probe, &p, &cost, &err), 0, "refused in time");
}

// Expressions that grow until they would be tried: they must be compiled soon, or refused.
Test(stream_set_judge, what_is_not_tried_compiles_soon, .timeout = 120) {
	static const char *const units[] = {
		"\\x61.*",
		"(?:\\x61|\\x62.*)",
		"[\\x61\\x62]?.",
		"(?:.?\\x61)?",
		"(?:\\x61.\\x62)+",
		"[^\\x0a]{1,30}\\x61",
		".{0,100}\\x61.*\\x62",
		"(?:\\x61.{0,20}\\x62)+",
		"(?:\\x78|\\x79|.{1,40}\\x7a)",
		".{1,60}(?:\\x61|\\x62).{1,60}",
	};
	for (unsigned i = 0; i < COUNT(units); i++) {
		struct detect_probe none = {.stream = true, .spent_ms = DETECT_PROBE_MS_ALL};
		struct detect_probe real = {.stream = true};
		struct err err = {};
		char *text = NULL;
		uint32_t cost, n = 1;
		// Light enough is what does not come to be tried, for which no time is left.
		for (int ret = 0; ret == 0 && n < 2000; n++) {
			free(text);
			text = repeat(units[i], n);
			struct pattern p = {.regex = text, .flags = PATTERN_DOTALL};
			ret = stream_piece_judge(&none, &p, &cost, &err);
		}
		cr_expect_gt(n, 3u);
		cr_expect_geq(
			detect_probe_run(&real, text, PATTERN_DOTALL, &err), 0, "%s: %s", text,
			err.text
		);
		free(text);
	}
}
