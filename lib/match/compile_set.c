// Lays out Hyperscan's arrays. What combinations refer to comes first: Hyperscan looks each of their
// ids up with a search from the front.

#include "compile_set.h"

#include "combination.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static_assert(PATTERN_CASELESS == HS_FLAG_CASELESS && PATTERN_DOTALL == HS_FLAG_DOTALL);
static_assert(PATTERN_MULTILINE == HS_FLAG_MULTILINE && PATTERN_QUIET == HS_FLAG_QUIET);
static_assert(PATTERN_SINGLEMATCH == HS_FLAG_SINGLEMATCH && PATTERN_UTF8 == HS_FLAG_UTF8);
static_assert(PATTERN_ALLOWEMPTY == HS_FLAG_ALLOWEMPTY && PATTERN_UCP == HS_FLAG_UCP);
static_assert(PATTERN_PREFILTER == HS_FLAG_PREFILTER);
static_assert(PATTERN_SOM_LEFTMOST == HS_FLAG_SOM_LEFTMOST);
static_assert(PATTERN_COMBINATION == HS_FLAG_COMBINATION);
static_assert(PATTERN_MIN_OFFSET == HS_EXT_FLAG_MIN_OFFSET);
static_assert(PATTERN_MAX_OFFSET == HS_EXT_FLAG_MAX_OFFSET);
static_assert(PATTERN_MIN_LENGTH == HS_EXT_FLAG_MIN_LENGTH);
static_assert(PATTERN_EDIT_DISTANCE == HS_EXT_FLAG_EDIT_DISTANCE);
static_assert(PATTERN_HAMMING_DISTANCE == HS_EXT_FLAG_HAMMING_DISTANCE);

static int by_file_and_id(const void *a, const void *b, void *ctx) {
	const struct ruleset *rs = ctx;
	const struct pattern *x = &rs->patterns[*(const uint32_t *)a];
	const struct pattern *y = &rs->patterns[*(const uint32_t *)b];
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

uint32_t compile_set_find(const struct compile_set *s, uint32_t file, uint32_t id) {
	const struct pattern *all = s->rs->patterns;
	uint32_t lo = 0, hi = s->rs->n_patterns;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct pattern *p = &all[s->by_id[mid]];
		if (p->file < file || (p->file == file && p->id < id))
			lo = mid + 1;
		else
			hi = mid;
	}
	// The ruleset refuses combinations of ids that are not there.
	assert(lo < s->rs->n_patterns && all[s->by_id[lo]].id == id);
	return s->by_id[lo];
}

static bool is_combination(const struct pattern *p) {
	return (p->flags & PATTERN_COMBINATION) != 0;
}

int compile_set_init(
	struct compile_set *s, const struct ruleset *rs, enum matcher_mode mode,
	const struct compile_verdict *verdicts
) {
	size_t n = (size_t)rs->n_patterns + 1;
	*s = (struct compile_set){
		.rs = rs,
		.verdicts = verdicts,
		.mode = matcher_mode_bits(mode, rs),
		.combine = mode != MATCHER_STREAM,
		.by_id = calloc(n, sizeof(*s->by_id)),
		.rank = calloc(n, sizeof(*s->rank)),
		.operand = calloc(n, sizeof(*s->operand)),
		.as_given = calloc(n, sizeof(*s->as_given)),
		.order = calloc(n, sizeof(*s->order)),
		.expr = calloc(n, sizeof(*s->expr)),
		.flags = calloc(n, sizeof(*s->flags)),
		.ids = calloc(n, sizeof(*s->ids)),
		.ext = calloc(n, sizeof(*s->ext)),
		.ext_ptr = calloc(n, sizeof(*s->ext_ptr)),
		.renumbered = calloc(n, sizeof(*s->renumbered)),
	};
	if (s->by_id == NULL || s->rank == NULL || s->operand == NULL || s->as_given == NULL
	    || s->order == NULL || s->expr == NULL || s->flags == NULL || s->ids == NULL
	    || s->ext == NULL || s->ext_ptr == NULL || s->renumbered == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < rs->n_patterns; i++) {
		s->by_id[i] = i;
		s->as_given[i] = mode == MATCHER_STREAM;
	}
	qsort_r(s->by_id, rs->n_patterns, sizeof(*s->by_id), by_file_and_id, (void *)(uintptr_t)rs);
	for (uint32_t i = 0; i < rs->n_patterns; i++) {
		const struct pattern *p = &rs->patterns[i];
		uint32_t id;
		if (!is_combination(p))
			continue;
		for (const char *pos = p->regex; combination_next(&pos, &id);)
			s->operand[compile_set_find(s, p->file, id)] = true;
	}
	return 0;
}

static void free_renumbered(struct compile_set *s) {
	while (s->n_renumbered > 0)
		free(s->renumbered[--s->n_renumbered]);
}

void compile_set_fini(struct compile_set *s) {
	free_renumbered(s);
	free(s->by_id);
	free(s->rank);
	free(s->operand);
	free(s->as_given);
	free(s->order);
	free(s->expr);
	free(s->flags);
	free(s->ids);
	free(s->ext);
	free(s->ext_ptr);
	free(s->renumbered);
}

unsigned compile_set_flags(const struct compile_set *s, uint32_t i) {
	unsigned flags = s->rs->patterns[i].flags;
	// One report a packet is all that counts, so Hyperscan may stop looking. Not where it knows no
	// such thing (SOM) or where reports feed something else (combinations).
	if (!s->as_given[i] && !s->operand[i]
	    && !(flags & (HS_FLAG_SOM_LEFTMOST | HS_FLAG_COMBINATION | HS_FLAG_QUIET)))
		flags |= HS_FLAG_SINGLEMATCH;
	if (!s->combine && s->operand[i])
		flags &= ~(unsigned)HS_FLAG_QUIET;
	return flags;
}

struct renumbering {
	const struct compile_set *set;
	uint32_t file;
};

static uint32_t rank_of(const void *ctx, uint32_t id) {
	const struct renumbering *r = ctx;
	return r->set->rank[compile_set_find(r->set, r->file, id)];
}

static int place(struct compile_set *s, uint32_t i) {
	const struct pattern *p = &s->rs->patterns[i];
	uint32_t at = s->n;
	s->expr[at] = p->regex;
	if (is_combination(p)) {
		struct renumbering r = {.set = s, .file = p->file};
		char *expr = combination_renumber(p->regex, rank_of, &r);
		if (expr == NULL)
			return -ENOMEM;
		s->renumbered[s->n_renumbered++] = expr;
		s->expr[at] = expr;
	}
	s->order[at] = i;
	s->flags[at] = compile_set_flags(s, i);
	s->ids[at] = s->rank[i];
	s->ext[at] = (hs_expr_ext_t){
		.flags = p->ext,
		.min_offset = p->min_offset,
		.max_offset = p->max_offset,
		.min_length = p->min_length,
		.edit_distance = p->edit_distance,
		.hamming_distance = p->hamming_distance,
	};
	s->ext_ptr[at] = p->ext != 0 ? &s->ext[at] : NULL;
	s->n++;
	return 0;
}

static int place_all(struct compile_set *s, bool combination, bool operand) {
	for (uint32_t i = 0; i < s->rs->n_patterns; i++) {
		if (s->verdicts[i].group == NULL
		    && is_combination(&s->rs->patterns[i]) == combination
		    && s->operand[i] == operand && place(s, i) < 0)
			return -ENOMEM;
	}
	return 0;
}

int compile_set_lay_out(struct compile_set *s) {
	uint32_t rank = 0;
	for (uint32_t i = 0; i < s->rs->n_patterns; i++)
		s->rank[i] = s->verdicts[i].group == NULL ? rank++ : 0;
	free_renumbered(s);
	s->n = 0;
	if (place_all(s, false, true) < 0 || place_all(s, false, false) < 0)
		return -ENOMEM;
	s->n_plain = s->n;
	return s->combine ? place_all(s, true, false) : 0;
}
