// What is wrong with a configuration, collected in any order and handed over in order of line. One
// thread; running out of memory loses findings but never the fact that there were some.
#pragma once

#include "conf.h"

#include <stdarg.h>

// Where a value stands: a line of the file, or a --set. Neither: the file as a whole.
struct conf_where {
	uint32_t line; // 1 ..; 0: none
	uint32_t set; // 1 ..: the --set of that number, `line` means nothing then
};

struct conf_finding {
	uint64_t order;
	char *text; // owned
};

struct conf_report {
	const char *file; // as the user named it; borrowed
	struct conf_finding *item; // owned
	uint32_t n;
	uint32_t more; // findings beyond the bound or lost for want of memory
};

// A configuration with more mistakes than this is another kind of file.
#define CONF_REPORT_MAX 10000

// Adds "FILE:LINE: name: value: what". `name` and `value` are left out where NULL; an empty value
// shows as "", a long one is cut.
void conf_report_add(
	struct conf_report *report, struct conf_where at, const char *name, const char *value,
	const char *fmt, ...
) __attribute__((format(printf, 5, 6)));

static inline bool conf_report_any(const struct conf_report *report) {
	return report->n > 0 || report->more > 0;
}

// Moves the findings, sorted (the file as a whole, lines, then --set), into `errors` and empties
// the report. `errors` gets at least one line when there was a finding.
void conf_report_finish(struct conf_report *report, struct conf_errors *errors);
