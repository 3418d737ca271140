// Makes and frees plans; the arrays grow as terms and pieces are added.

#include "stream_plan.h"

#include "stream_plan_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct stream_plan *stream_plan_new(void) {
	return calloc(1, sizeof(struct stream_plan));
}

void stream_plan_free(struct stream_plan *plan) {
	if (plan == NULL)
		return;
	for (uint32_t i = 0; i < plan->n_pieces; i++)
		free(plan->pieces[i].pattern.regex);
	free(plan->pieces);
	if (plan->combination != NULL)
		free(plan->combination->code);
	free(plan->combination);
	free(plan);
}

int stream_plan_add_term(struct stream_plan *plan, bool negated, struct snort_fault *fault) {
	if (plan->n_terms == STREAM_TERMS_MAX)
		return snort_refuse(
			fault, "stream: too many terms",
			"more than %u contents and pcres that are not relative", STREAM_TERMS_MAX
		);
	uint32_t bit = (uint32_t)1 << plan->n_terms++;
	if (negated)
		plan->unwanted |= bit;
	else
		plan->wanted |= bit;
	return 0;
}

static struct stream_piece *grow(struct stream_plan *plan) {
	size_t n = (size_t)plan->n_pieces + 1;
	struct stream_piece *grown = realloc(plan->pieces, n * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	plan->pieces = grown;
	return &grown[plan->n_pieces];
}

int stream_plan_add_pattern(
	struct stream_plan *plan, const struct pattern *pattern, uint32_t term
) {
	struct stream_piece *piece = grow(plan);
	char *copy = strdup(pattern->regex);
	if (piece == NULL || copy == NULL) {
		free(copy);
		return -ENOMEM;
	}
	*piece = (struct stream_piece){.term = term, .pattern = *pattern};
	piece->pattern.id = plan->n_pieces++;
	piece->pattern.regex = copy;
	return 0;
}

int stream_plan_add_piece(struct stream_plan *plan, const char *text, struct snort_fault *fault) {
	if (plan->n_pieces == STREAM_PIECES_MAX)
		return snort_refuse(
			fault, "stream: too many ways", "more than %u expressions",
			STREAM_PIECES_MAX
		);
	struct stream_piece *piece = grow(plan);
	char *copy = strdup(text);
	if (piece == NULL || copy == NULL) {
		free(copy);
		return -ENOMEM;
	}
	uint32_t term = plan->n_terms - 1;
	bool negated = (plan->unwanted >> term & 1) != 0;
	*piece = (struct stream_piece){
		.term = term,
		.pattern =
			{
				.id = plan->n_pieces,
				.regex = copy,
				// Once is enough to know that it was there.
				.flags = PATTERN_DOTALL | (negated ? PATTERN_SINGLEMATCH : 0),
			},
	};
	plan->n_pieces++;
	return 0;
}
