// From entries to struct conf: which section each entry belongs to, which entry gives each key its
// value, and what nobody gave.
#pragma once

#include "entry.h"
#include "schema.h"

// One section, or one instance of a named one.
struct conf_slot {
	const struct conf_section *section;
	void *base; // its structure in struct conf
	char *name; // "input", "stream.flows"; owned
	struct conf_where at; // where it begins
	bool given; // somebody wrote it down
	const struct conf_entry
		*entry[CONF_KEYS_MAX]; // what gives each key its value; NULL: preset
	bool bad[CONF_KEYS_MAX]; // could not be read, that is reported
};

struct conf_build {
	struct conf *conf; // borrowed
	struct conf_report *report; // borrowed
	const struct conf_checks *checks; // borrowed; NULL: none
	const char *file_folder; // relative paths of the file count from here
	const char *set_folder; // and those of --set from here
	struct conf_slot *slot; // owned
	uint32_t n;
};

// Fills `b->conf` from the entries, of which later ones replace earlier ones, and reports all that
// does not fit. Returns 0, or -EINVAL when something was reported.
int conf_build_run(struct conf_build *b, const struct conf_entries *entries);
void conf_build_fini(struct conf_build *b);

// Checks what takes more than one value to see. Same return.
int conf_check(const struct conf_build *b);

// The number of a key within its section's table; it must be there.
uint32_t conf_slot_key(const struct conf_slot *slot, const char *key);

// Where the value of a key stands, the section's beginning for a preset; and its text, NULL for a
// preset.
struct conf_where conf_slot_where(const struct conf_slot *slot, uint32_t key);
const char *conf_slot_text(const struct conf_slot *slot, uint32_t key);
