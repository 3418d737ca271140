// --set section.key=value and --set section.name.key=value: the same entries as a file gives, from
// the command line.

#include "entry.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ACCEPTED "accepted: section.key=value or section.name.key=value"

static char *trimmed(const char *p, const char *end) {
	while (p < end && isblank((unsigned char)*p))
		p++;
	while (p < end && isblank((unsigned char)end[-1]))
		end--;
	return strndup(p, (size_t)(end - p));
}

void conf_set_read(
	const char *set, uint32_t number, struct conf_report *report, struct conf_entries *entries
) {
	struct conf_where at = {.set = number};
	const char *wrong = conf_octets_wrong(set, strlen(set));
	if (wrong != NULL) {
		// Not shown: a terminal would obey it.
		conf_report_add(report, at, NULL, NULL, "%s (accepted: text in UTF-8)", wrong);
		return;
	}
	const char *equals = strchr(set, '=');
	if (equals == NULL) {
		conf_report_add(report, at, NULL, set, "no equal sign (%s)", ACCEPTED);
		return;
	}
	// Neither the names of streams and sinks nor those of keys hold a dot.
	const char *first = memchr(set, '.', (size_t)(equals - set));
	const char *last = memrchr(set, '.', (size_t)(equals - set));
	if (first == NULL) {
		conf_report_add(report, at, NULL, set, "no key (%s)", ACCEPTED);
		return;
	}
	struct conf_entry *e = conf_entries_add(entries);
	if (e == NULL) {
		conf_report_add(report, at, NULL, NULL, "out of memory");
		return;
	}
	e->at = at;
	e->section = trimmed(set, first);
	e->key = trimmed(last + 1, equals);
	e->value = trimmed(equals + 1, set + strlen(set));
	if (first != last)
		e->instance = trimmed(first + 1, last);
	if (e->section == NULL || e->key == NULL || e->value == NULL
	    || (first != last && e->instance == NULL))
		conf_report_add(report, at, NULL, NULL, "out of memory");
	else if (e->section[0] == '\0' || e->key[0] == '\0')
		conf_report_add(
			report, at, NULL, set, "no name ahead of the dot or behind it (%s)",
			ACCEPTED
		);
}
