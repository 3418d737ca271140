// Cuts a file into logical lines, in one pass and with a buffer of fixed size. A comment is never
// continued; within a continued line nothing is a comment.

#include "snort_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int snort_lines_init(struct snort_lines *l, struct snort_text text, uint32_t max) {
	static const char bom[] = "\xEF\xBB\xBF"; // some editors begin every file with it
	if (snort_text_len(text) >= 3 && memcmp(text.at, bom, 3) == 0)
		text.at += 3;
	*l = (struct snort_lines){.rest = text, .number = 1, .max = max, .joined = malloc(max)};
	return l->joined == NULL ? -ENOMEM : 0;
}

void snort_lines_fini(struct snort_lines *l) {
	free(l->joined);
	*l = (struct snort_lines){};
}

// The next line of the file, trimmed.
static struct snort_text take(struct snort_lines *l) {
	const char *eol = memchr(l->rest.at, '\n', snort_text_len(l->rest));
	struct snort_text line = {l->rest.at, eol != NULL ? eol : l->rest.end};
	l->rest.at = eol != NULL ? eol + 1 : l->rest.end;
	l->number++;
	return line;
}

// Takes the backslash at the end off the line. False when there is none.
static bool take_backslash(struct snort_text *line) {
	const char *end = line->end;
	while (end > line->at && snort_text_is_blank(end[-1]))
		end--;
	if (end == line->at || end[-1] != '\\')
		return false;
	line->end = end - 1;
	return true;
}

// Appends as much as there is room for.
static void append(struct snort_lines *l, size_t *len, struct snort_text t, bool *too_long) {
	size_t n = snort_text_len(t);
	if (n > l->max - *len) {
		n = l->max - *len;
		*too_long = true;
	}
	memcpy(l->joined + *len, t.at, n);
	*len += n;
}

static void join(struct snort_lines *l, struct snort_text first, struct snort_line *line) {
	size_t len = 0;
	bool more = true;
	append(l, &len, first, &line->too_long);
	while (more && l->rest.at < l->rest.end) {
		struct snort_text next = take(l);
		more = take_backslash(&next);
		append(l, &len, next, &line->too_long);
	}
	line->text = snort_text_trim((struct snort_text){l->joined, l->joined + len});
}

bool snort_lines_next(struct snort_lines *l, struct snort_line *line) {
	while (l->rest.at < l->rest.end) {
		*line = (struct snort_line){.number = l->number};
		struct snort_text text = take(l);
		struct snort_text shown = snort_text_trim(text);
		if (shown.at == shown.end || *shown.at == '#')
			continue;
		if (take_backslash(&text)) {
			join(l, text, line);
			if (line->text.at == line->text.end)
				continue;
			return true;
		}
		line->text = shown;
		if (snort_text_len(shown) > l->max) {
			line->text.end = line->text.at + l->max;
			line->too_long = true;
		}
		return true;
	}
	return false;
}
