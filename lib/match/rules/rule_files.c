// Both sets keep what they hold in order of file, so what belongs to one file is found by halving.

#include "rule_files.h"

#include "match/snort/snort_file.h"
#include "ruleset_priv.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int rule_files_init(struct rule_files *f) {
	*f = (struct rule_files){.patterns = ruleset_new()};
	return f->patterns == NULL ? -ENOMEM : 0;
}

void rule_files_fini(struct rule_files *f) {
	ruleset_free(f->patterns);
	snort_rules_fini(&f->rules);
	free(f->file);
	*f = (struct rule_files){};
}

bool rule_files_snort(const char *path) {
	size_t len = strlen(path);
	return len >= 6 && strcmp(path + len - 6, ".rules") == 0;
}

int rule_files_add(
	struct rule_files *f, const char *path, const struct snort_vars *vars, struct err *err
) {
	bool snort = rule_files_snort(path);
	void *bigger = ruleset_grow(f->file, f->n_files, sizeof(*f->file));
	if (bigger == NULL)
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	f->file = bigger;
	int ret = snort ? snort_file_read(path, vars, &f->rules, err)
			: ruleset_add_file(f->patterns, path, err);
	if (ret < 0)
		return ret;
	uint32_t n = snort ? f->rules.n_files : f->patterns->n_files;
	f->file[f->n_files++] = (struct rule_file){.snort = snort, .index = n - 1};
	return 0;
}

uint32_t rule_files_accepted(const struct rule_files *f) {
	return f->patterns->n_patterns + f->rules.n_rules;
}

uint32_t rule_files_refused(const struct rule_files *f) {
	return f->patterns->n_refusals + f->rules.n_refusals;
}

const char *rule_files_name(const struct rule_files *f, uint32_t i) {
	const struct rule_file *file = &f->file[i];
	return file->snort ? f->rules.files[file->index] : f->patterns->files[file->index];
}

// Things in rising order of their file, which is a number `at` octets into each of `size`: how many
// belong to files ahead of `file`.
static uint32_t ahead(const void *things, uint32_t n, size_t size, size_t at, uint32_t file) {
	uint32_t lo = 0, hi = n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2, of;
		memcpy(&of, (const char *)things + mid * size + at, sizeof(of));
		if (of < file)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

#define AHEAD(things, n, number) \
	ahead(things, n, sizeof((things)[0]), offsetof(typeof((things)[0]), file), number)

static uint32_t accepted_ahead(const struct rule_files *f, bool snort, uint32_t file) {
	return snort ? AHEAD(f->rules.rules, f->rules.n_rules, file)
		     : AHEAD(f->patterns->patterns, f->patterns->n_patterns, file);
}

uint32_t rule_files_accepted_of(const struct rule_files *f, uint32_t i) {
	const struct rule_file *file = &f->file[i];
	return accepted_ahead(f, file->snort, file->index + 1)
		- accepted_ahead(f, file->snort, file->index);
}

const struct refusal *rule_files_refusals(const struct rule_files *f, uint32_t i, uint32_t *n) {
	const struct rule_file *file = &f->file[i];
	const struct refusal *all = file->snort ? f->rules.refusals : f->patterns->refusals;
	uint32_t n_all = file->snort ? f->rules.n_refusals : f->patterns->n_refusals;
	uint32_t first = AHEAD(all, n_all, file->index);
	*n = AHEAD(all, n_all, file->index + 1) - first;
	return all == NULL ? NULL : all + first;
}
