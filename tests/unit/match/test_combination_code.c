// lib/match/combination_code.c: an expression holds for the ids that it should, and what is too large is
// refused.

#include "match/combination.h"
#include "match/combination_code.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct combination_code *code_of(const char *expr) {
	struct combination_code *code;
	struct err err = {};
	cr_assert_eq(combination_check(expr, &err), 0, "%s: %s", expr, err.text);
	cr_assert_eq(combination_code_new(expr, &code, &err), 0, "%s: %s", expr, err.text);
	return code;
}

Test(combination_code, operators_bind_as_in_hyperscan) {
	static const struct {
		const char *expr;
		const char *holds; // for no id, the first, the second, both, the third, ...
	} t[] = {
		{"1 & 2", "0001"},
		{"1 | 2", "0111"},
		{"!1", "10"},
		{"!1 & 2", "0010"},
		{"!(1 & 2)", "1110"},
		{"!(!7)", "01"},
		{"1 & 1", "01"},
		{"5 & !5", "00"},
		{"1 | 2 & 3", "01010111"},
		{"2 & 3 | 1", "00011111"},
		{"(1 | 2) & 3", "00000111"},
		{"1 & !2 | !3", "11110100"},
		{"!1 & !2 & !3", "10000000"},
		{"((4294967295)|(0))", "0111"},
		{"1&(2|!(3&1))&!(2&3)", "01010000"},
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct combination_code *code = code_of(t[i].expr);
		cr_expect_eq(strlen(t[i].holds), 1u << code->n_ids);
		for (uint32_t met = 0; met < 1u << code->n_ids; met++)
			cr_expect_eq(
				combination_code_holds(code, met), t[i].holds[met] == '1', "%s: %x",
				t[i].expr, met
			);
		cr_expect_eq(
			combination_code_holds(code, ~0u << code->n_ids), t[i].holds[0] == '1'
		);
		free(code);
	}
}

Test(combination_code, ids_are_listed_once_as_they_come) {
	struct combination_code *code = code_of("30 & (10 | 20) & !10 | 30");
	cr_assert_eq(code->n_ids, 3u);
	cr_assert_eq(code->ids[0], 30u);
	cr_assert_eq(code->ids[1], 10u);
	cr_assert_eq(code->ids[2], 20u);
	free(code);
}

Test(combination_code, the_same_is_equal_and_no_other) {
	static const char *const t[] = {
		"1 & 2", "1 | 2", "2 & 1", "1 & 3", "1 & !2", "!(1 & 2)", "1 & 2 & 1",
	};
	unsigned n = sizeof(t) / sizeof(t[0]);
	for (unsigned i = 0; i < n * n; i++) {
		struct combination_code *a = code_of(t[i / n]), *b = code_of(t[i % n]);
		cr_expect_eq(combination_code_equal(a, b), i / n == i % n, "%u", i);
		free(a);
		free(b);
	}
	struct combination_code *a = code_of("1&((2))"), *b = code_of(" 1 & 2 ");
	cr_expect(combination_code_equal(a, b));
	free(a);
	free(b);
}

// `n` ids, each within a parenthesis of the one ahead, modulo `different`.
static char *nested(uint32_t n, uint32_t different) {
	static char text[20000];
	size_t len = 0;
	for (uint32_t i = 0; i < n; i++)
		len += (size_t)sprintf(&text[len], i + 1 < n ? "%u&(" : "%u", i % different);
	memset(&text[len], ')', n - 1);
	text[len + n - 1] = '\0';
	return text;
}

static void assert_too_large(const char *expr, const char *words) {
	struct combination_code *code = (void *)1;
	struct err err = {};
	cr_assert_eq(combination_check(expr, &err), 0, "%s", err.text);
	cr_assert_eq(combination_code_new(expr, &code, &err), -E2BIG);
	cr_assert_null(code);
	cr_assert_not_null(strstr(err.text, words), "%s", err.text);
}

Test(combination_code, more_ids_than_there_are_bits_are_refused) {
	struct combination_code *code = code_of(nested(COMBINATION_IDS_MAX, 100));
	cr_assert_eq(code->n_ids, COMBINATION_IDS_MAX);
	cr_assert(combination_code_holds(code, (1u << COMBINATION_IDS_MAX) - 1));
	cr_assert(!combination_code_holds(code, (1u << (COMBINATION_IDS_MAX - 1)) - 1));
	free(code);
	assert_too_large(nested(COMBINATION_IDS_MAX + 1, 100), "31 different ids");
}

Test(combination_code, what_is_nested_too_deep_is_refused) {
	struct combination_code *code = code_of(nested(COMBINATION_DEPTH_MAX, 31));
	cr_assert(combination_code_holds(code, (1u << COMBINATION_IDS_MAX) - 1));
	cr_assert(!combination_code_holds(code, (1u << COMBINATION_IDS_MAX) - 2));
	free(code);
	assert_too_large(nested(COMBINATION_DEPTH_MAX + 1, 31), "64 ids wait");
	assert_too_large(nested(3000, 31), "64 ids wait");
}

Test(combination_code, as_many_operators_as_fit_an_expression_are_no_depth) {
	static char text[16001];
	memset(text, '(', 5000);
	for (size_t i = 5000; i < 6000; i += 2)
		memcpy(&text[i], "!(", 2);
	for (size_t i = 6000; i < 8000; i += 2)
		memcpy(&text[i], "1|", 2);
	memset(&text[8000], '1', 1);
	memset(&text[8001], ')', 5500);
	struct combination_code *code = code_of(text);
	cr_assert(!combination_code_holds(code, 0));
	cr_assert(combination_code_holds(code, 1));
	free(code);
}
