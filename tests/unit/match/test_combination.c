// lib/match/combination.c: the grammar of logical combinations, their ids, and renumbering.

#include "match/combination.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(combination, well_formed_expressions_pass) {
	static const char *const t[] = {
		"1&2",
		"1 & 2",
		" 1|2 ",
		"!1",
		"1 & !2",
		"!(1|2)&3",
		"(1)&(2)",
		"((((1)))) | 4294967295",
		"(101&102&103)|(104&!105)",
		"((301|302)&303)&(304|305)",
		"!(!1)",
		"0|00",
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct err err = {};
		cr_assert_eq(combination_check(t[i], &err), 0, "%s: %s", t[i], err.text);
	}
}

Test(combination, malformed_expressions_are_refused_with_a_reason) {
	static const char *const t[] = {
		"",
		" ",
		"1",
		"(1)",
		"1 2",
		"1&",
		"&1",
		"1&|2",
		"!!1",
		"1!",
		"1!2",
		"()",
		"1&()",
		"(1&2",
		"1&2)",
		")1&2(",
		"1&2x",
		"a&b",
		"1&\t2",
		"1&&2",
		"-1&2",
		"1 2 &",
		"1(2)",
		"(1)2",
		"1+2",
		"1&4294967296",
		"1&99999999999999999999999999999999999",
		"\xff",
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct err err = {};
		cr_assert_eq(combination_check(t[i], &err), -EINVAL, "%s", t[i]);
		cr_assert_neq(err.text[0], '\0', "%s", t[i]);
	}
}

Test(combination, ids_are_walked_in_order) {
	const char *pos = "(10&!20) | 10&4294967295 ";
	static const uint32_t want[] = {10, 20, 10, 4294967295};
	uint32_t id;
	for (unsigned i = 0; i < COUNT(want); i++) {
		cr_assert(combination_next(&pos, &id));
		cr_assert_eq(id, want[i]);
	}
	cr_assert_not(combination_next(&pos, &id));
}

static uint32_t times(const void *ctx, uint32_t id) {
	return id * *(const uint32_t *)ctx;
}

Test(combination, renumbering_changes_ids_and_nothing_else) {
	uint32_t factor = 1000000;
	char *out = combination_renumber("(1&!2) | 03&4", times, &factor);
	cr_assert_str_eq(out, "(1000000&!2000000) | 3000000&4000000");
	free(out);
	factor = 0;
	out = combination_renumber("4294967295&4294967295", times, &factor);
	cr_assert_str_eq(out, "0&0");
	free(out);
}

Test(combination, a_short_id_may_become_the_longest) {
	uint32_t factor = UINT32_MAX;
	char *out = combination_renumber("1|1|1|1|1|1", times, &factor);
	cr_assert_str_eq(out, "4294967295|4294967295|4294967295|4294967295|4294967295|4294967295");
	free(out);
}
