// Lists and quotes.

#include "conf/list.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Splits and joins with '|'.
static void expect_split(const char *text, const char *want) {
	struct conf_list list;
	char joined[256] = "";
	cr_assert_eq(conf_list_split(text, &list), 0, "%s", text);
	for (uint32_t i = 0; i < list.n; i++) {
		strcat(joined, list.item[i]);
		strcat(joined, "|");
	}
	cr_expect_str_eq(joined, want, "%s", text);
	conf_list_fini(&list);
}

Test(list, blanks_separate_items) {
	expect_split("a b", "a|b|");
	expect_split("  a \t b  ", "a|b|");
	expect_split("", "");
	expect_split(" \t ", "");
}

Test(list, quotes_hold_one_item_together) {
	expect_split("\"a b\" c", "a b|c|");
	expect_split("'a b'\tc", "a b|c|");
	expect_split("'a \"b\"' \"it's\"", "a \"b\"|it's|");
	expect_split("--x=\"a b\"'c d'e f", "--x=a bc de|f|");
	expect_split("\"\" ''", "||");
	expect_split("a\\ b", "a\\|b|");
}

Test(list, a_quote_that_is_not_closed_is_refused) {
	static const char *const bad[] = {"\"", "'", "a \"b c", "\"a'", "a'b c"};
	struct conf_list list;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect_eq(conf_list_split(bad[i], &list), -EINVAL, "%s", bad[i]);
		cr_expect_eq(list.n, 0);
		cr_expect_null(list.item);
	}
}

Test(list, what_is_printed_splits_to_the_same_item) {
	static const char *const items[] = {
		"",   "a",     "a b",    "a\"b", "a'b",  "a'b\"c d",
		"\"", "\"\"'", "'\"'\"", " ",    "a\tb", "a\\",
	};
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		char *text = NULL;
		size_t len = 0;
		struct conf_list list;
		FILE *out = open_memstream(&text, &len);
		conf_list_print_item(items[i], out);
		fclose(out);
		cr_assert_eq(conf_list_split(text, &list), 0, "%s", text);
		cr_assert_eq(list.n, 1, "%s", text);
		cr_expect_str_eq(list.item[0], items[i]);
		conf_list_fini(&list);
		free(text);
	}
}

Test(list, an_ordinary_item_is_printed_without_quotes) {
	char text[16] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");
	conf_list_print_item("--no-huge", out);
	fclose(out);
	cr_expect_str_eq(text, "--no-huge");
}

Test(list, a_text_loses_blanks_and_one_pair_of_quotes) {
	static const struct {
		const char *text, *want;
	} table[] = {
		{"a b", "a b"},
		{" a b\t", "a b"},
		{"\"a b\"", "a b"},
		{" ' a b ' ", "a b"},
		{"\"a\" or \"b\"", "\"a\" or \"b\""},
		{"'\"a\"'", "\"a\""},
		{"\"a", "\"a"},
		{"\"", "\""},
		{"\"\"", ""},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *got = conf_text_dup(table[i].text);
		char printed[64] = "";
		cr_expect_str_eq(got, table[i].want, "%s", table[i].text);
		FILE *out = fmemopen(printed, sizeof(printed), "w");
		conf_text_print(got, out);
		fclose(out);
		char *again = conf_text_dup(printed);
		cr_expect_str_eq(again, got, "%s", printed);
		free(again);
		free(got);
	}
}
