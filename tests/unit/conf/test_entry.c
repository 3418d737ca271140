// Entries, their names, and the octets that may stand in them.

#include "conf/entry.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

Test(entry, a_name_has_the_parts_that_are_there) {
	static const struct {
		const char *section, *instance, *key, *want;
	} table[] = {
		{"input", NULL, NULL, "input"},
		{"input", NULL, "device", "input.device"},
		{"stream", "flows", NULL, "stream.flows"},
		{"stream", "flows", "key", "stream.flows.key"},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *name = conf_entry_name(table[i].section, table[i].instance, table[i].key);
		cr_expect_str_eq(name, table[i].want);
		free(name);
	}
}

Test(entry, many_entries_keep_what_they_hold) {
	struct conf_entries entries = {0};
	for (uint32_t i = 0; i < 1000; i++) {
		struct conf_entry *e = conf_entries_add(&entries);
		e->at.line = i;
		e->key = strdup("key");
	}
	cr_expect_eq(entries.n, 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		cr_expect_eq(entries.item[i].at.line, i);
		cr_expect_null(entries.item[i].value);
	}
	conf_entries_fini(&entries);
	cr_expect_eq(entries.n, 0);
}

// What is wrong with a string literal, NUL octets in it included.
#define WRONG(text) conf_octets_wrong(text, sizeof(text) - 1)

Test(entry, utf_8_and_tabs_are_fine) {
	cr_expect_null(WRONG(""));
	cr_expect_null(WRONG("a\tb ~"));
	cr_expect_null(WRONG("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"
	));
	cr_expect_null(WRONG("\xf0\x90\x80\x80 \xf3\xbf\xbf\xbf \xf4\x8f\xbf\xbf"));
}

Test(entry, what_is_not_utf_8_is_told) {
	const char *want = "octets that are not UTF-8";
	cr_expect_str_eq(WRONG("\x80"), want);
	cr_expect_str_eq(WRONG("\xc1\xbf"), want, "too long a form");
	cr_expect_str_eq(WRONG("\xe0\x9f\xbf"), want, "too long a form");
	cr_expect_str_eq(WRONG("\xf0\x8f\xbf\xbf"), want, "too long a form");
	cr_expect_str_eq(WRONG("\xed\xa0\x80"), want, "a surrogate");
	cr_expect_str_eq(WRONG("\xf4\x90\x80\x80"), want, "beyond the last character");
	cr_expect_str_eq(WRONG("\xf5\x80\x80\x80"), want, "beyond the last character");
	cr_expect_str_eq(WRONG("a\xc3"), want, "cut short");
	cr_expect_str_eq(WRONG("\xe2\x82"), want, "cut short");
	cr_expect_str_eq(WRONG("\xe2\x82x"), want, "cut short");
	cr_expect_str_eq(WRONG("\xf0\x90\x80x"), want, "cut short");
}

Test(entry, nul_and_control_characters_are_told) {
	cr_expect_str_eq(WRONG("a\0b"), "a NUL octet");
	cr_expect_str_eq(WRONG("a\x1b[31m"), "a control character");
	cr_expect_str_eq(WRONG("\x7f"), "a control character");
	cr_expect_str_eq(WRONG("a\rb"), "a control character");
}
