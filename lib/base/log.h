// The log: one line a message to stderr, with a level that `SLUICE_LOG` or the caller sets.
// Never called on the packet path.
#pragma once

enum log_level {
	LOG_ERROR,
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG,
};

// Messages above `level` are dropped. Default: LOG_INFO. Any thread.
void log_set_level(enum log_level level);

// While a progress line stands on the terminal, log lines must first clear it. `on` says whether
// one stands there. Any thread.
void log_set_progress(int on);

// Writes "sluice: LEVEL: text\n" (INFO without its level). Any thread; one write per message.
void log_msg(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_msg(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_msg(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_msg(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_msg(LOG_DEBUG, __VA_ARGS__)
