// lib/base/err.c: error text for people.

#include "base/err.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(err, set_formats_and_returns_the_code) {
	struct err err = {{0}};
	cr_assert_eq(err_set(&err, -EINVAL, "%s is %d", "x", 3), -EINVAL);
	cr_assert_str_eq(err.text, "x is 3");
}

Test(err, set_replaces_what_was_there) {
	struct err err = {{0}};
	err_set(&err, -EIO, "a long first text");
	err_set(&err, -EIO, "b");
	cr_assert_str_eq(err.text, "b");
}

Test(err, wrap_puts_a_prefix_ahead) {
	struct err err = {{0}};
	err_set(&err, -ENOENT, "no such file");
	cr_assert_eq(err_wrap(&err, -EINVAL, "file %d", 7), -EINVAL);
	cr_assert_str_eq(err.text, "file 7: no such file");
}

Test(err, wrapping_twice_keeps_the_order) {
	struct err err = {{0}};
	err_set(&err, -1, "c");
	err_wrap(&err, -1, "b");
	err_wrap(&err, -1, "a");
	cr_assert_str_eq(err.text, "a: b: c");
}

Test(err, null_takes_no_text_and_still_returns_the_code) {
	cr_assert_eq(err_set(NULL, -EPERM, "x"), -EPERM);
	cr_assert_eq(err_wrap(NULL, -EPERM, "x"), -EPERM);
}

Test(err, long_text_is_cut_and_terminated) {
	struct {
		struct err err;
		char guard;
	} e = {.guard = 'g'};
	char lots[4096];
	memset(lots, 'a', sizeof(lots) - 1);
	lots[sizeof(lots) - 1] = '\0';
	err_set(&e.err, -1, "%s", lots);
	cr_assert_eq(strlen(e.err.text), sizeof(e.err.text) - 1);
	err_wrap(&e.err, -1, "%s", lots);
	cr_assert_eq(strlen(e.err.text), sizeof(e.err.text) - 1);
	err_wrap(&e.err, -1, "short");
	cr_assert_eq(strlen(e.err.text), sizeof(e.err.text) - 1);
	cr_assert_eq(strncmp(e.err.text, "short: aaaa", 11), 0);
	cr_assert_eq(e.guard, 'g');
}
