// Error text for people. A function that can fail for a reason worth reading takes a
// `struct err *` (may be NULL) and returns 0 or -errno beside it.
#pragma once

#include <stdarg.h>

struct err {
	char text[1024]; // NUL-terminated, empty while there is no error
};

// Replaces the text. Returns `code`, so that `return err_set(err, -EINVAL, ...)` reads well.
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// Puts "prefix: " ahead of the text that is there. Returns `code`.
int err_wrap(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
