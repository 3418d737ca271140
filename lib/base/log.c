// The log: formats a message into one buffer and hands it to stderr with a single write, so that
// lines of several threads never mix.

#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// The only state outside const tables: a process has one stderr.
static _Atomic(int) max_level = LOG_INFO; // any thread → any thread
static _Atomic(int) progress; // progress thread → any thread

void log_set_level(enum log_level level) {
	atomic_store_explicit(&max_level, level, memory_order_relaxed);
}

void log_set_progress(int on) {
	atomic_store_explicit(&progress, on, memory_order_relaxed);
}

void log_msg(enum log_level level, const char *fmt, ...) {
	static const char *const prefix[] = {
		[LOG_ERROR] = "error: ",
		[LOG_WARN] = "warning: ",
		[LOG_INFO] = "",
		[LOG_DEBUG] = "debug: ",
	};
	if ((int)level > atomic_load_explicit(&max_level, memory_order_relaxed))
		return;
	char buf[2048];
	const char *clear = atomic_load_explicit(&progress, memory_order_relaxed) ? "\r\033[K" : "";
	int n = snprintf(buf, sizeof(buf) - 1, "%ssluice: %s", clear, prefix[level]);
	va_list ap;
	va_start(ap, fmt);
	int m = vsnprintf(buf + n, sizeof(buf) - 1 - n, fmt, ap);
	va_end(ap);
	n = m < 0 ? n : (int)(n + m < (int)sizeof(buf) - 2 ? n + m : (int)sizeof(buf) - 2);
	buf[n++] = '\n';
	// A log that cannot be written has nowhere to say so.
	ssize_t w = write(STDERR_FILENO, buf, n);
	(void)w;
}
