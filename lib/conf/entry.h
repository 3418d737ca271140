// What a configuration says before anyone asks what it means: sections, keys and values as text,
// each with its place.
#pragma once

#include "report.h"

struct conf_entry {
	struct conf_where at;
	char *section; // "input", "stream"; owned
	char *instance; // "flows" of [stream flows]; NULL: none; owned
	char *key; // NULL: the line that begins the section; owned
	char *value; // of a section: its name as written; owned
};

struct conf_entries {
	struct conf_entry *item; // owned
	uint32_t n;
};

// Appends an empty entry. NULL when there is no memory. It moves with the next append.
struct conf_entry *conf_entries_add(struct conf_entries *entries);
void conf_entries_fini(struct conf_entries *entries);

// "section", "section.instance" and so on; `key` may be NULL. Free it; NULL: there is no memory.
char *conf_entry_name(const char *section, const char *instance, const char *key);

// Why the `n` octets of a line cannot stand in a configuration: NUL, another control character, not
// UTF-8. NULL when they can. Static text.
const char *conf_octets_wrong(const char *text, size_t n);

// Reads --set number `number` into an entry appended to `entries`, or reports why it cannot.
void conf_set_read(
	const char *set, uint32_t number, struct conf_report *report, struct conf_entries *entries
);
