// Compiles and, when that fails, finds out whom to refuse. The compiler takes patterns one after the
// other and names the first bad one; putting an expression that always fails behind the rest makes
// it go through all of them without building anything, so each pattern is looked at once more, not
// once for each bad one. Faults of the building itself name nobody and are found by halving.

#include "matcher_compile.h"

#include "combination.h"
#include "compile_set.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Never compiles.
#define POISON "("

struct compiler {
	struct compile_set set;
	struct compile_verdict *verdicts;
	uint64_t changes; // refusals and dropped flags, so far
	struct err *err;
};

void compile_verdicts_free(struct compile_verdict *v, uint32_t n) {
	if (v == NULL)
		return;
	for (uint32_t i = 0; i < n; i++)
		free(v[i].reason);
	free(v);
}

int compile_verdict_set(struct compile_verdict *v, const char *group, const char *reason) {
	v->reason = strdup(reason);
	if (v->reason == NULL)
		return -ENOMEM;
	v->group = group;
	return 0;
}

static int fail_memory(const struct compiler *c) {
	return err_set(c->err, -ENOMEM, "out of memory while compiling patterns");
}

// The group by Hyperscan's words; a message that is not known is in "compile".
static const char *group_of(const char *message) {
	static const struct {
		const char *words;
		const char *group;
	} known[] = {
		{"HS_FLAG_PREFILTER is", "flags"},
		{"HS_FLAG_QUIET is", "flags"},
		{"HS_FLAG_SINGLEMATCH is", "flags"},
		{"In hs_expr_ext", "extension"},
		{"HS_EXT_FLAG", "extension"},
		{"not supported", "unsupported"},
		{"nsupported", "unsupported"},
		{"too large", "too_large"},
		{"exceeds limit", "too_large"},
		{"Resource limit", "too_large"},
		{"Unable to allocate memory", "too_large"},
		{"Unable to generate bytecode", "too_large"},
	};
	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strstr(message, known[i].words) != NULL)
			return known[i].group;
	}
	return "compile";
}

static int refuse(struct compiler *c, uint32_t pattern, const char *message) {
	struct err reason;
	struct compile_verdict *v = &c->verdicts[pattern];
	err_set(&reason, 0, "%s%s", message,
		strstr(message, "use HS_FLAG_ALLOWEMPTY") != NULL ? " (that is flag V)" : "");
	for (char *p = reason.text; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	if (compile_verdict_set(v, group_of(message), reason.text) < 0)
		return fail_memory(c);
	c->changes++;
	return 0;
}

// Compiles `n` positions from `from`. Returns 0 with *db; 1 with *error, which names a position
// behind `from` or, with -1, none; -errno for a fault of no pattern.
static int compile_range(
	struct compiler *c, uint32_t from, uint32_t n, hs_database_t **db,
	hs_compile_error_t **error
) {
	struct compile_set *s = &c->set;
	*db = NULL;
	*error = NULL;
	hs_error_t rc = hs_compile_ext_multi(
		s->expr + from, s->flags + from, s->ids + from, s->ext_ptr + from, n, s->mode, NULL,
		db, error
	);
	if (rc == HS_SUCCESS)
		return 0;
	if (rc == HS_COMPILER_ERROR && *error != NULL)
		return 1;
	hs_free_compile_error(*error);
	return err_set(c->err, -ENOTSUP, "Hyperscan cannot run on this processor (error %d)", rc);
}

// Refuses the pattern at a position, unless the flag that was added to it may be the reason: then
// drops that. Returns 0 (refused), 1 (try again) or -errno.
static int condemn(struct compiler *c, uint32_t at, const char *message) {
	struct compile_set *s = &c->set;
	uint32_t i = s->order[at];
	if ((s->flags[at] & ~s->rs->patterns[i].flags) != 0) {
		s->as_given[i] = true;
		s->flags[at] = compile_set_flags(s, i);
		c->changes++;
		return 1;
	}
	return refuse(c, i, message);
}

// Condemns position `at`, then looks at all behind it. What fails without a name ends the search:
// the next round meets it again.
static int screen_from(struct compiler *c, uint32_t at, const char *first_message) {
	struct compile_set *s = &c->set;
	hs_database_t *db;
	hs_compile_error_t *error;
	int ret = condemn(c, at, first_message);
	// The arrays have room for one more.
	s->expr[s->n] = POISON;
	s->flags[s->n] = 0;
	s->ids[s->n] = s->n;
	s->ext_ptr[s->n] = NULL;
	while (ret >= 0) {
		uint32_t from = at + (ret == 0);
		ret = compile_range(c, from, s->n - from + 1, &db, &error);
		if (ret < 0)
			break;
		assert(ret == 1);
		at = error->expression < 0 ? s->n : from + (uint32_t)error->expression;
		if (at < s->n)
			ret = condemn(c, at, error->message);
		hs_free_compile_error(error);
		if (at >= s->n)
			return 0;
	}
	return ret;
}

// Refuses those of `n` patterns from `from` that cannot be built even alone.
static int find_unbuildable(struct compiler *c, uint32_t from, uint32_t n) {
	hs_database_t *db;
	hs_compile_error_t *error;
	int ret = compile_range(c, from, n, &db, &error);
	hs_free_database(db);
	if (ret != 1)
		return ret;
	if (n == 1) {
		ret = condemn(c, from, error->message);
		hs_free_compile_error(error);
		return ret == 1 ? find_unbuildable(c, from, n) : ret;
	}
	hs_free_compile_error(error);
	ret = find_unbuildable(c, from, n / 2);
	return ret < 0 ? ret : find_unbuildable(c, from + n / 2, n - n / 2);
}

// The first combination from pattern `i` on that is not refused, or rs->n_patterns.
static uint32_t next_combination(const struct compiler *c, uint32_t i) {
	const struct ruleset *rs = c->set.rs;
	while (i < rs->n_patterns
	       && (c->verdicts[i].group != NULL || !(rs->patterns[i].flags & PATTERN_COMBINATION)))
		i++;
	return i;
}

// Refuses combinations of refused patterns.
static int refuse_dependents(struct compiler *c) {
	struct compile_set *s = &c->set;
	struct err reason;
	uint32_t n = s->rs->n_patterns, id;
	for (uint32_t i = next_combination(c, 0); i < n; i = next_combination(c, i + 1)) {
		const struct pattern *p = &s->rs->patterns[i];
		for (const char *pos = p->regex; combination_next(&pos, &id);) {
			uint32_t j = compile_set_find(s, p->file, id);
			if (c->verdicts[i].group != NULL || c->verdicts[j].group == NULL)
				continue;
			err_set(&reason, 0, "combination: id %u (line %u) was refused", id,
				s->rs->patterns[j].line);
			if (compile_verdict_set(&c->verdicts[i], "combination", reason.text) < 0)
				return fail_memory(c);
			c->changes++;
		}
	}
	return 0;
}

// Hyperscan combines only patterns that report in order, and when one does not it names nobody.
static int refuse_unordered(struct compiler *c) {
	struct compile_set *s = &c->set;
	struct err reason;
	uint32_t n = s->rs->n_patterns, id;
	int ret = 0;
	bool *unordered = calloc((size_t)s->rs->n_patterns + 1, sizeof(*unordered));
	if (unordered == NULL)
		return fail_memory(c);
	for (uint32_t at = 0; at < s->n_plain; at++) {
		hs_expr_info_t *info = NULL;
		hs_compile_error_t *error = NULL;
		if (!s->operand[s->order[at]])
			continue;
		if (hs_expression_info(s->expr[at], s->flags[at], &info, &error) == HS_SUCCESS)
			unordered[s->order[at]] = info->unordered_matches;
		free(info);
		hs_free_compile_error(error);
	}
	for (uint32_t i = next_combination(c, 0); i < n; i = next_combination(c, i + 1)) {
		const struct pattern *p = &s->rs->patterns[i];
		for (const char *pos = p->regex; combination_next(&pos, &id);) {
			if (c->verdicts[i].group != NULL
			    || !unordered[compile_set_find(s, p->file, id)])
				continue;
			err_set(&reason, 0,
				"combination: id %u may report out of order, which Hyperscan"
				" cannot combine",
				id);
			if (compile_verdict_set(&c->verdicts[i], "combination", reason.text) < 0) {
				ret = fail_memory(c);
				goto out;
			}
			c->changes++;
		}
	}
out:
	free(unordered);
	return ret;
}

// One attempt at the whole. Returns 0 when done, 1 when another is worth it, or -errno.
static int attempt(struct compiler *c, hs_database_t **db) {
	struct compile_set *s = &c->set;
	hs_compile_error_t *error;
	uint64_t changes = c->changes;
	if (compile_set_lay_out(s) < 0)
		return fail_memory(c);
	if (s->n == 0)
		return 0;
	int ret = compile_range(c, 0, s->n, db, &error);
	if (ret <= 0)
		return ret;
	if (error->expression >= 0)
		ret = screen_from(c, (uint32_t)error->expression, error->message);
	else
		ret = find_unbuildable(c, 0, s->n_plain);
	if (ret >= 0)
		ret = refuse_dependents(c);
	if (ret >= 0 && error->expression < 0 && c->changes == changes)
		ret = err_set(
			c->err, -E2BIG,
			"%u patterns cannot be compiled together, though each alone can: %s", s->n,
			error->message
		);
	hs_free_compile_error(error);
	return ret < 0 ? ret : 1;
}

int matcher_compile(
	const struct ruleset *rs, enum matcher_mode mode, struct compile_verdict *v,
	hs_database_t **db, struct err *err
) {
	struct compiler c = {.verdicts = v, .err = err};
	*db = NULL;
	int ret = compile_set_init(&c.set, rs, mode, v) < 0 ? fail_memory(&c) : 0;
	if (ret == 0 && compile_set_lay_out(&c.set) < 0)
		ret = fail_memory(&c);
	if (ret == 0)
		ret = refuse_unordered(&c);
	if (ret == 0) {
		do
			ret = attempt(&c, db);
		while (ret == 1);
	}
	compile_set_fini(&c.set);
	return ret;
}
