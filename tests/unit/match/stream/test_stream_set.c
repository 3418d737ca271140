// lib/match/stream/stream_set.c and its parts: what is compiled for streams, what is refused by name, and what
// Hyperscan's reports mean afterwards.

#include "match/stream/stream_set.h"

#include "match/detect/detect_refuse.h"
#include "stream_set_rig.h"

#define TCP "alert tcp any any -> any any "
// Takes Hyperscan some hundred milliseconds.
#define DEAR "(?:[^\\n]{1,90}a[^x]{1,90}b){20}"
// Hyperscan says no, the first at once and the second when it has looked at it.
#define NEVER "^a\\b\\B"
#define LARGE "(?:[^\\n]{1,30}a){33}"

static const struct refusal *refusal_of(const struct snort_rules *rs, const char *rule) {
	for (uint32_t i = 0; i < rs->n_refusals; i++) {
		if (strcmp(rs->refusals[i].rule, rule) == 0)
			return &rs->refusals[i];
	}
	return NULL;
}

Test(stream_set, patterns_and_rules_are_found_in_streams_cut_anywhere) {
	struct set_rig g;
	struct flow_key key = tcp_key();
	rig_init(
		&g, "7:/abc/\n3:/x.*z/s\n5:/end$/\n",
		TCP "(content:\"one\"; content:\"two\"; sid:11;)\n" TCP
		    "(content:\"one\"; content:!\"three\"; sid:12;)\n" TCP
		    "(content:\"one\"; distance:0; content:\"two\"; within:5; sid:13;)\n",
		NULL
	);
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "abc"), "7");
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "xabcz end"), "7 3 5");
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_CLIENT, "two..one"), "11 12");
	cr_expect_str_eq(rig_run(&g, &key, DETECT_DIR_UNKNOWN, "one two three"), "11 13");
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "one three"), "");
	rig_fini(&g);
}

Test(stream_set, each_packet_may_match_again) {
	struct set_rig g;
	rig_init(&g, "1:/abc/\n", "", NULL);
	const struct stream_group *group = stream_set_group(g.set, 0);
	bool found[1];
	struct rig_scan s = {.group = group, .found = found};
	hs_stream_t *stream;
	cr_assert_eq(hs_open_stream(group->db, 0, &stream), HS_SUCCESS);
	for (unsigned i = 0; i < 3; i++) {
		found[0] = false;
		hs_scan_stream(stream, "abc", 3, 0, g.scratch, rig_event, &s);
		cr_expect(found[0], "packet %u", i);
	}
	hs_close_stream(stream, g.scratch, NULL, NULL);
	rig_fini(&g);
}

Test(stream_set, only_tcp_rules_that_look_at_streams_are_in_it) {
	struct set_rig g;
	struct flow_key key = tcp_key();
	rig_init(
		&g, "",
		"alert udp any any -> any any (content:\"a\"; sid:1;)\n" TCP
		"(content:\"a\"; depth:3; sid:2;)\n"
		"alert ip any any -> any any (content:\"a\"; sid:3;)\n"
		"alert tcp-pkt any any -> any any (content:\"a\"; sid:4;)\n" TCP
		"(content:\"a\"; sid:5;)\n" TCP "(flow:established; sid:6;)\n",
		NULL
	);
	struct stream_set_stats stats;
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "aaaaa"), "3 5");
	stream_set_stats(g.set, &stats);
	cr_expect_eq(stats.rules, 2u);
	cr_expect_eq(stats.groups, stream_set_n_groups(g.set));
	cr_expect_gt(stats.database_octets, 0u);
	cr_expect_gt(stats.stream_octets_max, 0u);
	cr_expect_eq(
		stats.stream_octets_max, stream_set_group(g.set, 0)->stream_octets, "of one group"
	);
	rig_fini(&g);
}

Test(stream_set, nothing_to_look_for_is_a_set_too) {
	static const char *const rules[] = {
		"", "alert udp any any -> any any (content:\"a\"; sid:1;)\n"};
	struct flow_key key = tcp_key();
	uint32_t group[STREAM_GROUPS_MAX];
	struct stream_set_config conf = {};
	struct err err = {};
	for (unsigned i = 0; i < 4; i++) {
		struct set_rig g;
		conf.groups = i / 2;
		rig_init(&g, "", rules[i % 2], &conf);
		cr_expect_eq(stream_set_n_groups(g.set), 0u);
		cr_expect_eq(stream_set_groups_of(g.set, &key, DETECT_TO_SERVER, group), 0u);
		cr_expect(stream_set_map(g.set, g.set, NULL, 0), "and is the same as itself");
		rig_fini(&g);
	}
	struct stream_set *s = stream_set_new(NULL, NULL, &conf, &err);
	cr_assert_not_null(s);
	cr_expect_eq(stream_set_settle(s, NULL, NULL), 0);
	cr_expect_eq(stream_set_groups_of(s, &key, DETECT_TO_SERVER, group), 0u);
	stream_set_free(s);
	stream_set_free(NULL);
}

Test(stream_set, rules_without_a_plan_are_refused_by_sid, .timeout = 120) {
	struct set_rig g;
	struct flow_key key = tcp_key();
	const struct stream_set_config conf = {.probe_ms = 10};
	static const struct {
		const char *sid, *group, *reason;
	} t[] = {
		{"sid 2", "stream: byte_test", "byte_test: cannot be told from a stream"},
		{"sid 3", "compile", "stream: Pattern can never match"},
		{"sid 4", "too_large", "stream: takes more than 10 ms of processor time"},
		{"sid 6", "stream: byte_jump", "byte_jump: cannot be told from a stream"},
	};
	rig_init(
		&g, "",
		TCP "(content:\"a\"; sid:1;)\n" TCP
		    "(content:\"a\"; byte_test:1,>,3,0,relative; sid:2;)\n" TCP
		    "(content:\"pp\"; pcre:\"/" NEVER "/\"; content:\"b\"; sid:3;)\n" TCP
		    "(pcre:\"/" DEAR "/\"; sid:4;)\n" TCP "(content:\"b\"; sid:5;)\n" TCP
		    "(content:\"b\"; byte_jump:1,0,relative; content:\"c\"; distance:0; sid:6;)\n",
		&conf
	);
	cr_expect_eq(g.rules.n_rules, 2u);
	cr_assert_eq(g.rules.n_refusals, 4u);
	for (unsigned i = 0; i < 4; i++) {
		const struct refusal *r = refusal_of(&g.rules, t[i].sid);
		cr_assert_not_null(r, "%s", t[i].sid);
		cr_expect_str_eq(r->group, t[i].group, "%s: %s", t[i].sid, r->group);
		cr_expect_eq(
			strncmp(r->reason, t[i].reason, strlen(t[i].reason)), 0, "%s", r->reason
		);
	}
	// A piece of sid 3 is in the database all the same; nobody hears of it.
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "ppab"), "1 5");
	rig_fini(&g);
}

Test(stream_set, patterns_that_hyperscan_refuses_are_refused_and_the_rest_found, .timeout = 120) {
	struct set_rig g;
	struct flow_key key = tcp_key();
	rig_init(
		&g,
		"1:/abc/\n2:/(/\n3:/a*/\n4:/xyz/Q\n5:/1&4/C\n6:/4&2/C\n7:/foo.*bar/s\n"
		"8:/a.{40000}b/\n9:/q(?=x)/\n10:/def/L\n11:/" LARGE "/s\n",
		"", NULL
	);
	cr_expect_eq(g.patterns->n_patterns, 5u);
	cr_assert_eq(g.patterns->n_refusals, 6u);
	static const char *const refused[] = {"2", "3", "6", "8", "9", "11"};
	for (unsigned i = 0; i < 6; i++) {
		cr_expect_str_eq(g.patterns->refusals[i].rule, refused[i]);
		cr_expect_gt(strlen(g.patterns->refusals[i].reason), 5u);
	}
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "abc"), "1");
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "xyz abc foo bar def"), "1 5 7 10");
	rig_fini(&g);
}

Test(stream_set, combinations_are_pieces_of_what_they_combine) {
	struct set_rig g;
	struct flow_key key = tcp_key();
	rig_init(
		&g,
		"100:/a/\n200:/b/Q\n300:/100 & 200/C\n400:/(/\n50:/100 & !200/C\n60:/c/\n"
		"70:/60 | 100/CQ\n",
		"", NULL
	);
	const struct stream_group *group = stream_set_group(g.set, 0);
	cr_assert_eq(group->n_members, 6u);
	cr_assert_eq(group->n_targets, 6u);
	cr_assert_eq(group->n_combinations, 2u, "a quiet one is never told");
	cr_assert_eq(group->n_states, 2u);
	for (uint32_t i = 0; i < 6; i++) {
		const struct pattern *p = &g.patterns->patterns[i];
		bool told = (p->flags & PATTERN_COMBINATION) && !(p->flags & PATTERN_QUIET);
		cr_expect_eq(group->member[i].rule, i);
		cr_expect_eq(group->member[i].plan->combination != NULL, told);
		cr_expect_eq(group->member[i].state == STREAM_NO_STATE, !told);
		bool combined = p->id == 100 || p->id == 200;
		cr_expect_eq(group->target[i].member, combined ? group->n_members : i);
	}
	cr_assert_eq(group->member[group->n_members].state, STREAM_SHARED);
	// 100 is itself and in two, 200 is quiet and in two.
	cr_assert_eq(group->n_shared, 4u + 3u);
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "a"), "100 50");
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "ba"), "100 300");
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "c"), "60");
	rig_fini(&g);
}

// As in block mode, where Hyperscan combines; and what streams cannot tell besides.
Test(stream_set, combinations_that_cannot_be_told_are_refused) {
	static const struct {
		const char *id, *words;
	} refused[] = {
		{"3", ""}, // as Hyperscan says it
		{"20", "combination: id 3 (line 3) was refused"},
		{"21", "combination: id 4 may report out of order"},
		{"22", "stream: combination: no min_offset and max_offset where"},
		{"23", "stream: combination: no min_offset and max_offset where"},
		{"30", "stream: combination: more than 31 different ids"},
	};
	char text[2048];
	size_t len = (size_t)sprintf(
		text, "%s",
		"1:/a/Q\n2:/b/\n3:/(/Q\n4:/c\\b/\n20:/1 & !3/C\n21:/1 | 4/C\n"
		"22:/!1/C{min_offset=3}\n23:/1 | !2/CH{max_offset=9}\n"
		"24:/!1 & 2/C{min_offset=3}\n25:/!1/CQ{min_offset=3}\n30:/1"
	);
	for (uint32_t i = 0; i < 31; i++)
		len += (size_t)sprintf(&text[len], "|%u", 100 + i);
	len += (size_t)sprintf(&text[len], "/C\n31:/100");
	for (uint32_t i = 1; i < 31; i++)
		len += (size_t)sprintf(&text[len], "|%u", 100 + i);
	len += (size_t)sprintf(&text[len], "/C\n");
	for (uint32_t i = 0; i < 31; i++)
		len += (size_t)sprintf(&text[len], "%u:/w%u./Q\n", 100 + i, i);
	struct set_rig g;
	struct flow_key key = tcp_key();
	rig_init(&g, text, "", NULL);
	uint32_t n = sizeof(refused) / sizeof(refused[0]);
	cr_assert_eq(g.patterns->n_refusals, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct refusal *r = &g.patterns->refusals[i];
		cr_expect_str_eq(r->rule, refused[i].id);
		if (i > 0) {
			cr_expect_str_eq(r->group, "combination");
			cr_expect_not_null(
				strstr(r->reason, refused[i].words), "%s: %s", r->rule, r->reason
			);
		}
	}
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "xxb"), "2 24");
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "w30 w4"), "31");
	rig_fini(&g);
}

Test(stream_set, numbers_are_given_when_all_refusals_are_made) {
	struct set_rig g = {
		.patterns = rig_patterns("1:/pa/\n2:/pb/\n3:/pc/\n"),
	};
	struct flow_key key = tcp_key();
	rig_rules(
		&g.rules,
		TCP "(content:\"ra\"; sid:11;)\n"
		    "alert udp any any -> any any (content:\"u\"; sid:12;)\n" TCP
		    "(content:\"rb\"; sid:13;)\n" TCP
		    "(content:\"rc\"; byte_test:1,>,3,0,relative; sid:14;)\n" TCP
		    "(content:\"rd\"; sid:15;)\n"
	);
	rig_make(&g, NULL);
	cr_assert_eq(g.rules.n_rules, 4u);
	cr_expect_eq(stream_set_group(g.set, 0)->member[0].rule, STREAM_NO_RULE, "not yet");
	cr_assert_eq(ruleset_refuse(g.patterns, 1, "test", "no more"), 0);
	struct detect_fault *faults = calloc(4, sizeof(*faults));
	cr_assert_eq(detect_fault_set(&faults[0], "test", "no more"), 0);
	cr_assert_eq(detect_refuse(&g.rules, faults), 0);
	rig_settle(&g);
	struct stream_set_stats stats;
	stream_set_stats(g.set, &stats);
	cr_expect_eq(stats.rules, 4u);
	cr_expect_eq(stream_set_group(g.set, 0)->member[1].rule, STREAM_NO_RULE);
	cr_expect_eq(stream_set_group(g.set, 0)->member[2].rule, 1u);
	cr_expect_str_eq(
		rig_run(&g, &key, DETECT_TO_SERVER, "pa pb pc ra rb rc rd u"), "1 3 13 15"
	);
	// What is left may be nothing.
	cr_assert_eq(detect_fault_set(&faults[1], "test", "no more"), 0);
	cr_assert_eq(detect_fault_set(&faults[2], "test", "no more"), 0);
	cr_assert_eq(detect_refuse(&g.rules, faults), 0);
	cr_assert_eq(ruleset_refuse(g.patterns, 0, "test", "no more"), 0);
	cr_assert_eq(ruleset_refuse(g.patterns, 0, "test", "no more"), 0);
	rig_settle(&g);
	uint32_t group[STREAM_GROUPS_MAX];
	cr_expect_eq(stream_set_groups_of(g.set, &key, DETECT_TO_SERVER, group), 0u);
	detect_faults_free(faults, 4);
	rig_fini(&g);
}

struct told {
	uint32_t calls, last, all;
};

static void count_progress(void *ctx, uint32_t done, uint32_t all) {
	struct told *t = ctx;
	cr_expect_lt(done, all);
	t->calls++;
	t->last = done;
	t->all = all;
}

Test(stream_set, progress_is_told_group_by_group) {
	struct told told = {};
	const struct stream_set_config conf = {.progress = count_progress, .ctx = &told};
	struct set_rig g;
	rig_init(
		&g, "1:/abc/\n",
		TCP "(content:\"one\"; sid:11;)\n"
		    "alert tcp any any -> any 80 (content:\"three\"; sid:13;)\n",
		&conf
	);
	cr_expect_eq(told.all, stream_set_n_groups(g.set));
	cr_expect_eq(told.calls, told.all);
	cr_expect_eq(told.last + 1, told.all);
	rig_fini(&g);
}

// A rule's text grows with `i`.
static char *many_rules(uint32_t n) {
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	for (uint32_t i = 0; i < n; i++)
		fprintf(f,
			"alert tcp 10.%u.%u.0/24 any -> any %u (content:\"w%ux\"; "
			"pcre:\"/%s/\"; sid:%u;)\n",
			i / 256, i % 256, i % 50000, i, i % 100 == 0 ? LARGE : NEVER, i + 1);
	fclose(f);
	return text;
}

Test(stream_set, rules_by_the_thousand_that_hyperscan_refuses_take_bounded_time, .timeout = 200) {
	char *text = many_rules(2000);
	const struct stream_set_config conf = {.probe_ms = 1};
	struct set_rig g;
	struct stream_set_stats stats;
	rig_init(&g, "", text, &conf);
	stream_set_stats(g.set, &stats);
	cr_expect_eq(g.rules.n_refusals, 2000u);
	cr_expect_eq(stats.rules, 0u);
	cr_expect_leq(stats.groups, 1 + STREAM_SET_GROUPS * 2 + DETECT_DIRS * 2);
	rig_fini(&g);
	free(text);
}

Test(stream_set, expressions_are_limited_and_plain_text_is_not) {
	const struct stream_set_config conf = {.expressions = 3};
	struct flow_key key = tcp_key();
	struct set_rig g;
	rig_init(
		&g, "1:/x.*y/\n2:/y.*x/\n",
		TCP "(content:\"a\"; content:\"b\"; distance:0; sid:1;)\n" TCP
		    "(content:\"c\"; content:\"d\"; content:\"e\"; content:\"f\"; sid:2;)\n" TCP
		    "(pcre:\"/q+/\"; pcre:\"/r+/\"; pcre:\"/s+/\"; sid:3;)\n" TCP
		    "(pcre:\"/t+/\"; pcre:\"/u+/\"; sid:4;)\n" TCP
		    "(content:\"v\"; content:\"w\"; distance:0; sid:5;)\n",
		&conf
	);
	cr_assert_eq(g.rules.n_refusals, 2u);
	cr_expect_str_eq(g.rules.refusals[0].rule, "sid 3");
	cr_expect_str_eq(g.rules.refusals[0].group, "limit");
	cr_expect_str_eq(
		g.rules.refusals[0].reason,
		"stream: rules ahead need 1 of the 3 expressions that may be compiled besides plain"
		" text, and this one 3"
	);
	cr_expect_str_eq(g.rules.refusals[1].rule, "sid 5");
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "xyabcdefqrstuvw"), "1 1 2 4");
	rig_fini(&g);
}
