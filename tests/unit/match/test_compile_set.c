// lib/match/compile_set.c: how patterns are laid out for Hyperscan's compiler.

#include "match/compile_set.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct ruleset *load(const char *text) {
	struct ruleset *rs = ruleset_new();
	struct err err = {};
	cr_assert_eq(ruleset_add_text(rs, "t.hs", text, strlen(text), &err), 0, "%s", err.text);
	cr_assert_eq(rs->n_refusals, 0u);
	return rs;
}

Test(compile_set, operands_come_first_and_combinations_last) {
	struct ruleset *rs = load("5:/30&!10/C\n10:/a/\n20:/b/\n30:/c/Q\n");
	struct compile_verdict v[4] = {};
	struct compile_set s;
	cr_assert_eq(compile_set_init(&s, rs, MATCHER_BLOCK, v), 0);
	cr_assert_eq(compile_set_lay_out(&s), 0);
	static const uint32_t order[] = {1, 3, 2, 0};
	cr_assert_eq(s.n, 4u);
	cr_assert_eq(s.n_plain, 3u);
	cr_assert_arr_eq(s.order, order, 4);
	// Hyperscan's id is the rank in the file, and combinations speak of ranks.
	for (unsigned i = 0; i < 4; i++)
		cr_assert_eq(s.ids[i], order[i]);
	cr_assert_str_eq(s.expr[3], "3&!1");
	compile_set_fini(&s);
	ruleset_free(rs);
}

Test(compile_set, refused_patterns_are_left_out_and_ranks_close_up) {
	struct ruleset *rs = load("1:/a/\n2:/b/\n3:/c/\n4:/1&3/C\n");
	struct compile_verdict v[4] = {[1] = {.group = "compile"}};
	struct compile_set s;
	cr_assert_eq(compile_set_init(&s, rs, MATCHER_BLOCK, v), 0);
	cr_assert_eq(compile_set_lay_out(&s), 0);
	cr_assert_eq(s.n, 3u);
	cr_assert_str_eq(s.expr[2], "0&1");
	cr_assert_eq(s.ids[2], 2u);
	v[3].group = "combination";
	cr_assert_eq(compile_set_lay_out(&s), 0);
	cr_assert_eq(s.n, 2u);
	cr_assert_eq(s.n_plain, 2u);
	compile_set_fini(&s);
	ruleset_free(rs);
}

Test(compile_set, single_match_is_added_only_where_it_changes_nothing) {
	static const struct {
		const char *line;
		bool added;
	} t[] = {
		{"1:/a/", true},
		{"1:/a/is", true},
		{"1:/a/V", true},
		{"1:/a/P", true},
		{"1:/a/L", false},
		{"1:/a/Q", false},
		{"1:/a/{min_offset=3}", true},
		{"1:/a/H", false},
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct ruleset *rs = load(t[i].line);
		struct compile_verdict v[1] = {};
		struct compile_set s;
		cr_assert_eq(compile_set_init(&s, rs, MATCHER_BLOCK, v), 0);
		unsigned flags = rs->patterns[0].flags;
		cr_assert_eq(
			compile_set_flags(&s, 0), flags | (t[i].added ? HS_FLAG_SINGLEMATCH : 0),
			"%s", t[i].line
		);
		s.as_given[0] = true;
		cr_assert_eq(compile_set_flags(&s, 0), flags, "%s", t[i].line);
		compile_set_fini(&s);
		ruleset_free(rs);
	}
	struct ruleset *rs = load("1:/a/\n2:/b/\n3:/1|1/C\n");
	struct compile_verdict v[3] = {};
	struct compile_set s;
	cr_assert_eq(compile_set_init(&s, rs, MATCHER_BLOCK, v), 0);
	cr_assert_eq(compile_set_flags(&s, 0), 0u, "an operand");
	cr_assert_eq(compile_set_flags(&s, 1), HS_FLAG_SINGLEMATCH);
	cr_assert_eq(compile_set_flags(&s, 2), HS_FLAG_COMBINATION);
	compile_set_fini(&s);
	ruleset_free(rs);
}

Test(compile_set, extended_parameters_are_passed_on) {
	struct ruleset *rs = load("1:/a/{min_offset=1,max_offset=9,min_length=2}\n2:/abcd/\n"
				  "3:/abcd/{edit_distance=1}\n4:/abcd/{hamming_distance=2}\n");
	struct compile_verdict v[4] = {};
	struct compile_set s;
	cr_assert_eq(compile_set_init(&s, rs, MATCHER_BLOCK, v), 0);
	cr_assert_eq(compile_set_lay_out(&s), 0);
	cr_assert_eq(
		s.ext_ptr[0]->flags,
		HS_EXT_FLAG_MIN_OFFSET | HS_EXT_FLAG_MAX_OFFSET | HS_EXT_FLAG_MIN_LENGTH
	);
	cr_assert_eq(s.ext_ptr[0]->min_offset, 1u);
	cr_assert_eq(s.ext_ptr[0]->max_offset, 9u);
	cr_assert_eq(s.ext_ptr[0]->min_length, 2u);
	cr_assert_null(s.ext_ptr[1]);
	cr_assert_eq(s.ext_ptr[2]->flags, HS_EXT_FLAG_EDIT_DISTANCE);
	cr_assert_eq(s.ext_ptr[2]->edit_distance, 1u);
	cr_assert_eq(s.ext_ptr[3]->flags, HS_EXT_FLAG_HAMMING_DISTANCE);
	cr_assert_eq(s.ext_ptr[3]->hamming_distance, 2u);
	compile_set_fini(&s);
	ruleset_free(rs);
}

Test(compile_set, over_streams_flags_stay_as_they_are) {
	struct ruleset *rs = load("1:/a/\n2:/b/H\n3:/c/is\n4:/1|3/C\n");
	struct compile_verdict v[4] = {};
	struct compile_set s;
	cr_assert_eq(compile_set_init(&s, rs, MATCHER_STREAM, v), 0);
	for (uint32_t i = 0; i < 4; i++)
		cr_expect_eq(compile_set_flags(&s, i), rs->patterns[i].flags, "%u", i);
	cr_expect_eq(s.mode, (unsigned)HS_MODE_STREAM);
	compile_set_fini(&s);
	ruleset_free(rs);
	rs = load("1:/a/\n2:/b/L\n");
	cr_assert_eq(compile_set_init(&s, rs, MATCHER_STREAM, v), 0);
	cr_expect_eq(s.mode, (unsigned)(HS_MODE_STREAM | HS_MODE_SOM_HORIZON_LARGE));
	compile_set_fini(&s);
	cr_assert_eq(compile_set_init(&s, rs, MATCHER_BLOCK, v), 0);
	cr_expect_eq(s.mode, (unsigned)HS_MODE_BLOCK);
	compile_set_fini(&s);
	ruleset_free(rs);
}

Test(compile_set, over_streams_what_is_combined_is_compiled_and_combinations_are_not) {
	struct ruleset *rs = load("4:/1 & 2/C\n1:/a/Q\n2:/b/HQ\n3:/c/Q\n5:/d/\n");
	struct compile_verdict v[5] = {};
	struct compile_set s;
	cr_assert_eq(compile_set_init(&s, rs, MATCHER_STREAM, v), 0);
	cr_assert_eq(compile_set_lay_out(&s), 0);
	cr_assert_eq(s.n, 4u);
	cr_assert_eq(s.n_plain, 4u);
	// Hyperscan's ids count the combination all the same.
	for (uint32_t i = 0; i < 4; i++)
		cr_expect_eq(s.ids[i], i + 1);
	cr_expect_eq(s.flags[0], 0u);
	cr_expect_eq(s.flags[1], (unsigned)HS_FLAG_SINGLEMATCH);
	cr_expect_eq(s.flags[2], (unsigned)HS_FLAG_QUIET);
	compile_set_fini(&s);
	ruleset_free(rs);
}
