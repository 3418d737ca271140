// Entries are first sorted into slots, so that every stream is known by name before a sink asks for
// one; then each key of each slot is read, from its entry or from its preset.

#include "build.h"

#include "value.h"
#include "vars.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LEN_MAX 32
#define NAMES_MAX 32 // sections, or keys of one

static int out_of_memory(struct conf_build *b, struct conf_where at) {
	conf_report_add(b->report, at, NULL, NULL, "out of memory");
	return -ENOMEM;
}

// Reports a name of a section or key that the table does not have.
static void refuse_name(
	struct conf_build *b, const struct conf_entry *e, const char *what, const char *name,
	const char *const *names, uint32_t n, const char *accepted
) {
	char *full = conf_entry_name(e->section, e->instance, e->key);
	const char *near = conf_nearest(name, names, n);
	conf_report_add(
		b->report, e->at, full, e->key != NULL ? e->value : NULL,
		"unknown %s%s%s%s (accepted: %s)", what, near != NULL ? ", did you mean " : "",
		near != NULL ? near : "", near != NULL ? "?" : "", accepted
	);
	free(full);
}

static const struct conf_section *find_section(struct conf_build *b, const struct conf_entry *e) {
	static const char accepted
		[] = "[input], [dpdk], [match], [vars], [flow], [stream NAME], [alert NAME], "
		     "[sink NAME], [state], [control]";
	const struct conf_section *s = conf_schema_section(e->section);
	if (s != NULL)
		return s;
	const char *names[NAMES_MAX];
	uint32_t n = 0;
	for (const struct conf_section *k = conf_schema(); k->name != NULL; k++)
		names[n++] = k->name;
	refuse_name(b, e, "section", e->section, names, n, accepted);
	return NULL;
}

static bool is_name(const char *name) {
	static const char
		allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t n = strlen(name);
	return n > 0 && n <= NAME_LEN_MAX && strspn(name, allowed) == n;
}

// What is wrong with the name behind the section's, NULL when nothing is.
static const char *instance_wrong(const struct conf_section *s, const char *instance) {
	if (!s->named)
		return instance == NULL ? NULL
					: "takes no name (accepted: the section without a name)";
	if (instance == NULL)
		return "needs a name (accepted: letters, digits, _ and -, at most 32)";
	return is_name(instance) ? NULL
				 : "not a name (accepted: letters, digits, _ and -, at most 32)";
}

// Gives a named section another instance. NULL when it cannot, which is reported.
static struct conf_slot *
add_instance(struct conf_build *b, const struct conf_section *s, const struct conf_entry *e) {
	uint32_t *count = (uint32_t *)((char *)b->conf + s->count);
	struct conf_slot *slot = &b->slot[b->n];
	char *full = conf_entry_name(e->section, e->instance, NULL);
	if (full == NULL) {
		out_of_memory(b, e->at);
		return NULL;
	}
	if (*count == s->max) {
		conf_report_add(
			b->report, e->at, full, NULL, "one [%s] too many (accepted: at most %u)",
			s->name, s->max
		);
		free(full);
		return NULL;
	}
	char **name = conf_schema_base(s, b->conf, *count);
	*name = strdup(e->instance);
	if (*name == NULL) {
		free(full);
		out_of_memory(b, e->at);
		return NULL;
	}
	*slot = (struct conf_slot
	){.section = s, .base = name, .name = full, .at = e->at, .given = true};
	b->n++;
	++*count;
	return slot;
}

// The slot of an entry's section. NULL when there can be none, which is reported.
static struct conf_slot *find_slot(struct conf_build *b, const struct conf_entry *e) {
	const struct conf_section *s = find_section(b, e);
	if (s == NULL)
		return NULL;
	const char *wrong = instance_wrong(s, e->instance);
	if (wrong != NULL) {
		char *full = conf_entry_name(e->section, e->instance, e->key);
		conf_report_add(
			b->report, e->at, full, e->key != NULL ? e->value : NULL, "%s", wrong
		);
		free(full);
		return NULL;
	}
	for (uint32_t i = 0; i < b->n; i++) {
		struct conf_slot *slot = &b->slot[i];
		// As in the file, names that differ in case are the same.
		if (slot->section != s
		    || (s->named && strcasecmp(*(char **)slot->base, e->instance) != 0))
			continue;
		if (!slot->given)
			slot->at = e->at;
		slot->given = true;
		return slot;
	}
	return add_instance(b, s, e);
}

static void take_key(struct conf_build *b, struct conf_slot *slot, const struct conf_entry *e) {
	if (slot->section->vars) {
		conf_vars_take(b, e);
		return;
	}
	const struct conf_key *key = conf_schema_key(slot->section, e->key);
	if (key != NULL) {
		slot->entry[key - slot->section->keys] = e;
		return;
	}
	const char *names[CONF_KEYS_MAX];
	char accepted[256];
	uint32_t n = 0;
	size_t len = 0;
	for (const struct conf_key *k = slot->section->keys; k->name != NULL; k++) {
		len += (size_t)snprintf(
			accepted + len, sizeof(accepted) - len, "%s%s", n > 0 ? ", " : "", k->name
		);
		names[n++] = k->name;
	}
	refuse_name(b, e, "key", e->key, names, n, accepted);
}

static int make_slots(struct conf_build *b) {
	uint32_t room = 0;
	for (const struct conf_section *s = conf_schema(); s->name != NULL; s++)
		room += s->named ? s->max : 1;
	b->slot = calloc(room, sizeof(*b->slot));
	if (b->slot == NULL)
		return out_of_memory(b, (struct conf_where){0});
	for (const struct conf_section *s = conf_schema(); s->name != NULL; s++) {
		if (s->named)
			continue;
		struct conf_slot *slot = &b->slot[b->n++];
		slot->section = s;
		slot->base = conf_schema_base(s, b->conf, 0);
		slot->name = strdup(s->name);
		// A section that nobody wrote down is missed at the file's beginning.
		slot->at.line = 1;
		if (slot->name == NULL)
			return out_of_memory(b, (struct conf_where){0});
	}
	return 0;
}

static void sort_in(struct conf_build *b, const struct conf_entries *entries) {
	struct conf_slot *slot = NULL;
	for (uint32_t i = 0; i < entries->n; i++) {
		const struct conf_entry *e = &entries->item[i];
		// Keys of the file belong to the section line ahead of them: one word about a section
		// that is not known is enough.
		if (e->key == NULL || e->at.set > 0)
			slot = find_slot(b, e);
		if (slot != NULL && e->key != NULL)
			take_key(b, slot, e);
	}
}

static void read_key(struct conf_build *b, struct conf_slot *slot, uint32_t i) {
	const struct conf_key *key = &slot->section->keys[i];
	const struct conf_entry *e = slot->entry[i];
	char *name = NULL;
	if (asprintf(&name, "%s.%s", slot->name, key->name) < 0) {
		out_of_memory(b, slot->at);
		return;
	}
	struct conf_value v = {
		.key = key,
		.conf = b->conf,
		.base = slot->base,
		.folder = e != NULL && e->at.set > 0 ? b->set_folder : b->file_folder,
		.name = name,
		.text = e != NULL ? e->value : key->preset,
		.at = conf_slot_where(slot, i),
		.report = b->report,
	};
	if (v.text == NULL)
		slot->bad[i] = conf_value_refuse(&v, "is missing") < 0;
	else
		slot->bad[i] = conf_value_read(&v) < 0;
	free(name);
}

int conf_build_run(struct conf_build *b, const struct conf_entries *entries) {
	if (make_slots(b) < 0)
		return -EINVAL;
	sort_in(b, entries);
	for (uint32_t i = 0; i < b->n; i++) {
		for (uint32_t k = 0; b->slot[i].section->keys[k].name != NULL; k++)
			read_key(b, &b->slot[i], k);
	}
	return conf_report_any(b->report) ? -EINVAL : 0;
}

void conf_build_fini(struct conf_build *b) {
	for (uint32_t i = 0; i < b->n; i++)
		free(b->slot[i].name);
	free(b->slot);
	b->slot = NULL;
	b->n = 0;
}

uint32_t conf_slot_key(const struct conf_slot *slot, const char *key) {
	return (uint32_t)(conf_schema_key(slot->section, key) - slot->section->keys);
}

struct conf_where conf_slot_where(const struct conf_slot *slot, uint32_t key) {
	return slot->entry[key] != NULL ? slot->entry[key]->at : slot->at;
}

const char *conf_slot_text(const struct conf_slot *slot, uint32_t key) {
	return slot->entry[key] != NULL ? slot->entry[key]->value : NULL;
}
