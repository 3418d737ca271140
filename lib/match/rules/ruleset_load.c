// Adds a text of hsbench lines to a ruleset: reads each line, then settles what only the whole file
// tells, which are ids used twice and what combinations refer to.

#include "hsbench.h"
#include "match/combination.h"
#include "ruleset.h"
#include "ruleset_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_PATTERN UINT32_MAX
// As many as Hyperscan takes.
#define PATTERNS_MAX 8000000u

// An id that some line of the file bears, refused lines included.
struct id_use {
	uint32_t id;
	uint32_t line;
	uint32_t pattern; // index into ruleset.patterns, or NO_PATTERN
};

struct loader {
	struct ruleset *rs;
	uint32_t file;
	uint32_t first_pattern;
	uint32_t first_refusal;
	struct id_use *ids; // sorted by id and line once all lines are read
	uint32_t n_ids;
	struct err *err;
};

static int fail_memory(const struct loader *l) {
	return err_set(l->err, -ENOMEM, "%s: out of memory", l->rs->files[l->file]);
}

static int add_id(struct loader *l, uint32_t id, uint32_t line, uint32_t pattern) {
	void *bigger = ruleset_grow(l->ids, l->n_ids, sizeof(*l->ids));
	if (bigger == NULL)
		return fail_memory(l);
	l->ids = bigger;
	l->ids[l->n_ids++] = (struct id_use){.id = id, .line = line, .pattern = pattern};
	return 0;
}

static int add_pattern(struct loader *l, struct hsbench_line *line, uint32_t number) {
	struct ruleset *rs = l->rs;
	void *bigger = ruleset_grow(rs->patterns, rs->n_patterns, sizeof(*rs->patterns));
	if (bigger == NULL) {
		free(line->pattern.regex);
		return fail_memory(l);
	}
	rs->patterns = bigger;
	line->pattern.file = l->file;
	line->pattern.line = number;
	rs->patterns[rs->n_patterns++] = line->pattern;
	if (rs->n_patterns > PATTERNS_MAX)
		return err_set(
			l->err, -E2BIG, "%s: more than %u patterns in all", rs->files[l->file],
			PATTERNS_MAX
		);
	return add_id(l, line->pattern.id, number, rs->n_patterns - 1);
}

static int add_refused(struct loader *l, struct hsbench_line *line, uint32_t number) {
	char id[sizeof("4294967295")] = "";
	if (line->has_id)
		snprintf(id, sizeof(id), "%u", line->pattern.id);
	struct refusal r = {
		.file = l->file,
		.line = number,
		.rule = id,
		.reason = line->reason.text,
		.group = line->group,
	};
	if (l->rs->n_refusals - l->first_refusal >= RULESET_REFUSED_MAX)
		return err_set(
			l->err, -E2BIG,
			"%s:%u: more than %u lines refused: is this a pattern file?",
			l->rs->files[l->file], number, RULESET_REFUSED_MAX
		);
	if (ruleset_add_refusal(l->rs, &r) < 0)
		return fail_memory(l);
	return line->has_id ? add_id(l, line->pattern.id, number, NO_PATTERN) : 0;
}

static int read_lines(struct loader *l, const char *text, uint64_t len) {
	static const char bom[] = "\xEF\xBB\xBF"; // some editors begin every file with it
	const char *end = text + len;
	struct hsbench_line line;
	if (len >= 3 && memcmp(text, bom, 3) == 0)
		text += 3;
	for (uint32_t number = 1; text < end; number++) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		if (eol == NULL)
			eol = end;
		int ret = hsbench_read_line(&line, text, (uint64_t)(eol - text));
		if (ret == 1)
			ret = add_pattern(l, &line, number);
		else if (ret == -EINVAL)
			ret = add_refused(l, &line, number);
		else if (ret == -ENOMEM)
			ret = fail_memory(l);
		if (ret < 0)
			return ret;
		text = eol + 1;
	}
	return 0;
}

static int by_id_and_line(const void *a, const void *b) {
	const struct id_use *x = a, *y = b;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

// The first line that bears `id`, or NULL.
static const struct id_use *find_id(const struct loader *l, uint32_t id) {
	uint32_t lo = 0, hi = l->n_ids;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (l->ids[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->n_ids && l->ids[lo].id == id ? &l->ids[lo] : NULL;
}

// False with the reason set when a combination refers to what it cannot.
static bool check_operands(const struct loader *l, const struct pattern *p, struct err *reason) {
	uint32_t id;
	for (const char *pos = p->regex; combination_next(&pos, &id);) {
		const struct id_use *use = find_id(l, id);
		if (use == NULL) {
			err_set(reason, 0, "combination: no pattern of this file has the id %u",
				id);
			return false;
		}
		if (use->pattern == NO_PATTERN) {
			err_set(reason, 0, "combination: id %u (line %u) was refused", id,
				use->line);
			return false;
		}
		uint32_t flags = l->rs->patterns[use->pattern].flags;
		if (flags & (PATTERN_COMBINATION | PATTERN_SOM_LEFTMOST | PATTERN_PREFILTER)) {
			err_set(reason, 0,
				"combination: id %u (line %u) has flag %s, which cannot be combined",
				id, use->line,
				flags & PATTERN_COMBINATION            ? "C"
					: flags & PATTERN_SOM_LEFTMOST ? "L"
								       : "P");
			return false;
		}
	}
	return true;
}

static bool find_fault(
	const struct loader *l, const struct pattern *p, const char **group, struct err *reason
) {
	const struct id_use *first = find_id(l, p->id);
	if (first->line != p->line) {
		err_set(reason, 0, "id %u was used before, on line %u", p->id, first->line);
		*group = "duplicate_id";
		return true;
	}
	*group = "combination";
	return (p->flags & PATTERN_COMBINATION) != 0 && !check_operands(l, p, reason);
}

static int refuse_faulty(struct loader *l) {
	struct pattern_fault *faults = NULL;
	uint32_t n = 0;
	const char *group;
	struct err reason;
	int ret = 0;
	for (uint32_t i = l->first_pattern; i < l->rs->n_patterns; i++) {
		if (!find_fault(l, &l->rs->patterns[i], &group, &reason))
			continue;
		if (n >= RULESET_REFUSED_MAX) {
			ret = err_set(
				l->err, -E2BIG, "%s: more than %u patterns refused: %s",
				l->rs->files[l->file], RULESET_REFUSED_MAX, reason.text
			);
			goto out;
		}
		void *bigger = ruleset_grow(faults, n, sizeof(*faults));
		char *text = strdup(reason.text);
		if (bigger != NULL)
			faults = bigger;
		if (bigger == NULL || text == NULL) {
			free(text);
			ret = fail_memory(l);
			goto out;
		}
		faults[n++] = (struct pattern_fault){.pattern = i, .group = group, .reason = text};
	}
	if (ruleset_refuse_many(l->rs, faults, n) < 0)
		ret = fail_memory(l);
out:
	for (uint32_t i = 0; i < n; i++)
		free((char *)(uintptr_t)faults[i].reason);
	free(faults);
	return ret;
}

int ruleset_add_text(
	struct ruleset *rs, const char *name, const char *text, uint64_t len, struct err *err
) {
	struct loader l = {
		.rs = rs,
		.file = rs->n_files,
		.first_pattern = rs->n_patterns,
		.first_refusal = rs->n_refusals,
		.err = err,
	};
	if (len > RULESET_FILE_MAX)
		return err_set(err, -EFBIG, "%s: larger than %u octets", name, RULESET_FILE_MAX);
	void *bigger = ruleset_grow(rs->files, rs->n_files, sizeof(*rs->files));
	if (bigger == NULL)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	rs->files = bigger;
	rs->files[rs->n_files] = strdup(name);
	if (rs->files[rs->n_files] == NULL)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	rs->n_files++;

	int ret = read_lines(&l, text, len);
	if (ret == 0) {
		if (l.n_ids > 0)
			qsort(l.ids, l.n_ids, sizeof(*l.ids), by_id_and_line);
		ret = refuse_faulty(&l);
	}
	if (ret < 0)
		ruleset_truncate(rs, l.file, l.first_pattern, l.first_refusal);
	free(l.ids);
	return ret;
}
