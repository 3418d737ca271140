// Findings become lines of text at once and are only sorted at the end: what is checked early need
// not stand early in the file.

#include "report.h"

#include "base/units.h"

#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 256 // octets of a value that are shown

// Octets of `value` to show: all, or as many as fit without cutting a character in half.
static int shown(const char *value) {
	size_t n = strlen(value);
	if (n <= VALUE_MAX)
		return (int)n;
	n = VALUE_MAX;
	while (n > 0 && ((uint8_t)value[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

static char *
format(const struct conf_report *report, struct conf_where at, const char *name, const char *value,
       const char *fmt, va_list ap) {
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	if (out == NULL)
		return NULL;
	if (at.set > 0)
		fprintf(out, "--set:%u: ", at.set);
	else if (at.line > 0)
		fprintf(out, "%s:%u: ", report->file, at.line);
	else
		fprintf(out, "%s: ", report->file);
	if (name != NULL)
		fprintf(out, "%.*s: ", shown(name), name);
	if (value != NULL && value[0] == '\0')
		fputs("\"\": ", out);
	else if (value != NULL)
		fprintf(out, "%.*s%s: ", shown(value), value,
			strlen(value) > VALUE_MAX ? "..." : "");
	vfprintf(out, fmt, ap);
	bool failed = ferror(out);
	if (fclose(out) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

void conf_report_add(
	struct conf_report *report, struct conf_where at, const char *name, const char *value,
	const char *fmt, ...
) {
	if (report->n == CONF_REPORT_MAX) {
		report->more++;
		return;
	}
	if ((report->n & (report->n - 1)) == 0) {
		size_t room = report->n == 0 ? 1 : (size_t)report->n * 2;
		void *grown = realloc(report->item, room * sizeof(*report->item));
		if (grown == NULL) {
			report->more++;
			return;
		}
		report->item = grown;
	}
	va_list ap;
	va_start(ap, fmt);
	char *text = format(report, at, name, value, fmt, ap);
	va_end(ap);
	if (text == NULL) {
		report->more++;
		return;
	}
	// What was found first stands first within a line, though qsort promises nothing.
	uint64_t place = at.set > 0 ? (1ull << 31) + at.set : at.line;
	report->item[report->n] = (struct conf_finding){place << 32 | report->n, text};
	report->n++;
}

static int compare(const void *a, const void *b) {
	uint64_t x = ((const struct conf_finding *)a)->order;
	uint64_t y = ((const struct conf_finding *)b)->order;
	return (x > y) - (x < y);
}

void conf_report_finish(struct conf_report *report, struct conf_errors *errors) {
	*errors = (struct conf_errors){0};
	if (report->n > 1)
		qsort(report->item, report->n, sizeof(*report->item), compare);
	if (conf_report_any(report))
		errors->line = calloc((size_t)report->n + 1, sizeof(*errors->line));
	for (uint32_t i = 0; i < report->n; i++) {
		if (errors->line != NULL)
			errors->line[errors->n++] = report->item[i].text;
		else
			free(report->item[i].text);
	}
	if (report->more > 0 && errors->line != NULL) {
		char *text = NULL;
		if (asprintf(
			    &text, "%s: %u more error%s", report->file, report->more,
			    units_plural(report->more)
		    )
		    >= 0)
			errors->line[errors->n++] = text;
	}
	free(report->item);
	report->item = NULL;
	report->n = 0;
	report->more = 0;
}

void conf_errors_fini(struct conf_errors *errors) {
	for (uint32_t i = 0; i < errors->n; i++)
		free(errors->line[i]);
	free(errors->line);
	*errors = (struct conf_errors){0};
}
