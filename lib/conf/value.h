// One value: from the text of a configuration into its place in struct conf, or a finding.
#pragma once

#include "entry.h"
#include "schema.h"

struct conf_value {
	const struct conf_key *key;
	struct conf *conf; // for the names of streams
	void *base; // the section's structure
	const char *folder; // relative paths count from here
	const char *name; // "section.key"
	const char *text; // what is to be read
	struct conf_where at;
	struct conf_report *report;
};

// Reads `v->text` into its place. Returns 0, or -EINVAL when it was reported instead; then what is
// in that place can still be freed with conf_value_fini, and means nothing else.
int conf_value_read(const struct conf_value *v);

// Frees what a value of this key owns; a zeroed place is fine.
void conf_value_fini(const struct conf_key *key, void *base);

// Reports "NAME: VALUE: what (accepted: ...)". Returns -EINVAL.
int conf_value_refuse(const struct conf_value *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

// Reports that memory ran out. Returns -EINVAL.
int conf_value_oom(const struct conf_value *v);

// Splits a list whose items are words, so that quotes around the whole of it hold nothing together. 0, or
// -EINVAL when it was reported; `list` is to be freed either way.
int conf_value_words(const struct conf_value *v, struct conf_list *list);

// Refuses a name that is none of `names`: one of a later version is called that, else the nearest
// known one is told. `what` is what a name is: "value", "field", "stream".
int conf_value_refuse_name(
	const struct conf_value *v, const char *what, const char *name, const char *const *names,
	uint32_t n, const char *const *later
);

// The kinds of values that are lists; the others are value.c's own. Same contract.
int conf_value_list(const struct conf_value *v);
int conf_value_devices(const struct conf_value *v);
int conf_value_rules(const struct conf_value *v);
int conf_value_cpus(const struct conf_value *v);
int conf_value_tunnels(const struct conf_value *v);
int conf_value_field(const struct conf_value *v);
int conf_value_fields(const struct conf_value *v);
int conf_value_streams(const struct conf_value *v);
int conf_value_stream(const struct conf_value *v);
int conf_value_when(const struct conf_value *v);
int conf_value_window(const struct conf_value *v);
