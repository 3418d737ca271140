// One pass over the lines, then one over the names in sorted order to find those that repeat.
// libini_config takes names that differ in case for the same one and merges them, so here they
// repeat as well.

#include "scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	struct conf_report *report;
	struct conf_entries *entries;
	const char *section; // of the last section line, entries' own; NULL ahead of the first
	const char *instance;
	bool lost; // the last section line cannot be read: whose keys follow is not known
	uint32_t line;
};

static bool is_blank(char c) {
	return c == ' ' || c == '\t';
}

// A line, or a part of one.
struct part {
	char *at;
	size_t len;
};

static struct part trim(struct part p) {
	while (p.len > 0 && is_blank(p.at[0]))
		p = (struct part){p.at + 1, p.len - 1};
	while (p.len > 0 && is_blank(p.at[p.len - 1]))
		p.len--;
	return p;
}

static int out_of_memory(struct scan *s) {
	conf_report_add(
		s->report, (struct conf_where){.line = s->line}, NULL, NULL, "out of memory"
	);
	return -ENOMEM;
}

// Reports what is wrong with a line and takes it out of the text. `show` may be NULL.
static int refuse(struct scan *s, struct part line, const struct part *show, const char *what) {
	char *value = show != NULL ? strndup(show->at, show->len) : NULL;
	conf_report_add(s->report, (struct conf_where){.line = s->line}, NULL, value, "%s", what);
	free(value);
	memset(line.at, ' ', line.len);
	return 0;
}

static struct conf_entry *add(struct scan *s) {
	struct conf_entry *e = conf_entries_add(s->entries);
	if (e != NULL)
		e->at.line = s->line;
	return e;
}

// libini_config gives up on the whole text over these in a name; over tabs too, which are made
// blanks here.
static const char *name_wrong(struct part name) {
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] == '!' || (uint8_t)name.at[i] >= 0x80)
			return "a '!' or a letter beyond ASCII in a name (accepted: letters, digits, _, -)";
		if (name.at[i] == '\t')
			name.at[i] = ' ';
	}
	return NULL;
}

static int section_line(struct scan *s, struct part line) {
	struct part all = trim(line), name = {all.at + 1, all.len - 1};
	s->section = s->instance = NULL;
	s->lost = true;
	if (name.len == 0 || name.at[name.len - 1] != ']')
		return 0; // libini_config says so
	name.len--;
	name = trim(name);
	if (name.len == 0)
		return 0; // libini_config says so
	const char *wrong = name_wrong(name);
	if (wrong != NULL)
		return refuse(s, line, &all, wrong);
	struct conf_entry *e = add(s);
	if (e == NULL)
		return out_of_memory(s);
	size_t word = 0;
	while (word < name.len && !is_blank(name.at[word]))
		word++;
	e->section = strndup(name.at, word);
	e->value = strndup(name.at, name.len);
	struct part rest = trim((struct part){name.at + word, name.len - word});
	if (rest.len > 0)
		e->instance = strndup(rest.at, rest.len);
	if (e->section == NULL || e->value == NULL || (rest.len > 0 && e->instance == NULL))
		return out_of_memory(s);
	s->section = e->section;
	s->instance = e->instance;
	s->lost = false;
	return 0;
}

static int key_line(struct scan *s, struct part line) {
	struct part all = trim(line);
	const char *equals = memchr(all.at, '=', all.len);
	if (equals == NULL || equals == all.at)
		return 0; // libini_config says so
	size_t before = (size_t)(equals - all.at);
	struct part key = trim((struct part){all.at, before});
	struct part value = trim((struct part){all.at + before + 1, all.len - before - 1});
	const char *wrong = name_wrong(key);
	if (wrong != NULL)
		return refuse(s, line, &all, wrong);
	if (s->lost)
		return 0;
	if (s->section == NULL)
		return refuse(
			s, line, &all,
			"a key ahead of the first section (accepted: [section] first)"
		);
	struct conf_entry *e = add(s);
	if (e == NULL)
		return out_of_memory(s);
	e->section = strdup(s->section);
	e->key = strndup(key.at, key.len);
	e->value = strndup(value.at, value.len);
	if (s->instance != NULL)
		e->instance = strdup(s->instance);
	if (e->section == NULL || e->key == NULL || e->value == NULL
	    || (s->instance != NULL && e->instance == NULL))
		return out_of_memory(s);
	return 0;
}

static int any_line(struct scan *s, struct part line) {
	while (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	struct part all = trim(line);
	const char *wrong = conf_octets_wrong(line.at, line.len);
	if (wrong != NULL) {
		char what[80];
		snprintf(what, sizeof(what), "%s (accepted: text in UTF-8)", wrong);
		// Keys behind a section that cannot be read must not count as the one's ahead of it.
		if (line.at[0] == '[')
			s->lost = true;
		return refuse(s, line, NULL, what); // not shown: a terminal would obey it
	}
	if (all.len == 0 || line.at[0] == '#' || line.at[0] == ';')
		return 0;
	if (line.at[0] == '[')
		return section_line(s, line);
	if (all.at[0] == '#' || all.at[0] == ';')
		return refuse(
			s, line, &all,
			"a comment behind blanks (accepted: # or ; in the first column)"
		);
	if (all.at[0] == '[') {
		s->lost = true;
		return refuse(
			s, line, &all, "a section behind blanks (accepted: [ in the first column)"
		);
	}
	return key_line(s, line);
}

static int compare_text(const char *a, const char *b) {
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcasecmp(a, b);
}

static int compare_section(const struct conf_entry *a, const struct conf_entry *b) {
	int c = compare_text(a->section, b->section);
	return c != 0 ? c : compare_text(a->instance, b->instance);
}

// A name with the number of the section line it belongs to.
struct name {
	const struct conf_entry *entry;
	uint32_t block;
};

static int compare_block(const struct name *x, const struct name *y) {
	// Keys repeat within one block only: where a section repeats, that is said once.
	bool x_key = x->entry->key != NULL, y_key = y->entry->key != NULL;
	if (x_key != y_key)
		return x_key - y_key;
	if (!x_key)
		return compare_section(x->entry, y->entry);
	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return strcasecmp(x->entry->key, y->entry->key);
}

static int compare_name(const void *a, const void *b) {
	const struct name *x = a, *y = b;
	int c = compare_block(x, y);
	return c != 0
		? c
		: (x->entry->at.line > y->entry->at.line) - (x->entry->at.line < y->entry->at.line);
}

static int find_repeated(struct scan *s) {
	uint32_t n = s->entries->n, block = 0, first = 0;
	struct name *name = calloc((size_t)n + 1, sizeof(*name));
	if (name == NULL)
		return out_of_memory(s);
	for (uint32_t i = 0; i < n; i++) {
		const struct conf_entry *e = &s->entries->item[i];
		block += e->key == NULL;
		name[i] = (struct name){e, block};
	}
	qsort(name, n, sizeof(*name), compare_name);
	for (uint32_t i = 1; i < n; i++) {
		if (compare_block(&name[first], &name[i]) != 0) {
			first = i;
			continue;
		}
		const struct conf_entry *e = name[i].entry;
		char *text = conf_entry_name(e->section, e->instance, e->key);
		conf_report_add(
			s->report, e->at, text, e->key != NULL ? e->value : NULL,
			"repeated, it stands in line %u already (accepted: %s)",
			name[first].entry->at.line,
			e->key != NULL ? "each key once in its section" : "each section once"
		);
		free(text);
	}
	free(name);
	return 0;
}

int conf_scan(char *text, size_t len, struct conf_report *report, struct conf_entries *entries) {
	struct scan s = {.report = report, .entries = entries};
	int ret = 0;
	for (size_t at = 0; at < len && ret == 0;) {
		char *end = memchr(text + at, '\n', len - at);
		struct part line = {text + at, end != NULL ? (size_t)(end - text) - at : len - at};
		s.line++;
		if (s.line == 1 && line.len >= 3 && memcmp(line.at, "\xef\xbb\xbf", 3) == 0)
			line = (struct part){line.at + 3, line.len - 3};
		ret = any_line(&s, line);
		at = (size_t)(line.at - text) + line.len + 1;
		if (ret == 0 && entries->n > CONF_SCAN_MAX) {
			conf_report_add(
				report, (struct conf_where){.line = s.line}, NULL, NULL,
				"more than %u sections and keys", CONF_SCAN_MAX
			);
			ret = -E2BIG;
		}
	}
	return ret < 0 ? ret : find_repeated(&s);
}
