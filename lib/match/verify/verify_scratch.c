// Makes and frees a scratch, and lowers payloads: as far as somebody asks, once a run.

#include "verify_scratch.h"

#include "verify_lower.h"

#include <stdlib.h>

#define STACK_FIRST (32u << 10)
#define STACK_MAX (256u << 10)
#define HEAP_MAX_KIB 4096u // where PCRE2 interprets

static int init_pcre(struct verify_scratch *s) {
	uint32_t jit = 0;
	s->match = pcre2_match_data_create(1, NULL);
	s->limits = pcre2_match_context_create(NULL);
	if (s->match == NULL || s->limits == NULL)
		return -1;
	pcre2_set_heap_limit(s->limits, HEAP_MAX_KIB);
	pcre2_config(PCRE2_CONFIG_JIT, &jit);
	if (jit == 0)
		return 0;
	s->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MAX, NULL);
	if (s->stack == NULL)
		return -1;
	pcre2_jit_stack_assign(s->limits, NULL, s->stack);
	return 0;
}

struct verify_scratch *verify_scratch_new(uint32_t len_max) {
	struct verify_scratch *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->len_max = len_max;
	s->lower = malloc((size_t)len_max + 1);
	for (unsigned i = 0; i < 2; i++)
		s->places[i].words = malloc(verify_places_words(len_max) * sizeof(uint64_t));
	if (s->lower == NULL || s->places[0].words == NULL || s->places[1].words == NULL
	    || init_pcre(s) < 0) {
		verify_scratch_free(s);
		return NULL;
	}
	return s;
}

void verify_scratch_free(struct verify_scratch *s) {
	if (s == NULL)
		return;
	pcre2_jit_stack_free(s->stack);
	pcre2_match_context_free(s->limits);
	pcre2_match_data_free(s->match);
	free(s->places[0].words);
	free(s->places[1].words);
	free(s->lower);
	free(s);
}

void verify_scratch_begin(struct verify_scratch *s, uint32_t len) {
	uint32_t steps = VERIFY_PCRE_STEPS_ALL / (len + 1);
	if (steps > VERIFY_PCRE_STEPS_MAX)
		steps = VERIFY_PCRE_STEPS_MAX;
	if (steps < VERIFY_PCRE_STEPS_MIN)
		steps = VERIFY_PCRE_STEPS_MIN;
	pcre2_set_match_limit(s->limits, steps);
	s->pcre_places = len * VERIFY_PCRE_PASSES + VERIFY_PCRE_PLACES_MIN;
	s->pcre_reach = VERIFY_PCRE_REACH;
	s->pcre_limited = false;
	s->lower_len = 0;
}

const uint8_t *verify_input_lower(const struct verify_input *in, uint32_t end) {
	struct verify_scratch *s = in->scratch;
	if (s->lower_len < end) {
		verify_lower(
			&s->lower[s->lower_len], &in->payload[s->lower_len], end - s->lower_len
		);
		s->lower_len = end;
	}
	return s->lower;
}
