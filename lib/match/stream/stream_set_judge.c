// Weighs expressions: what is light is compiled with the others, what is heavy is tried beforehand.

#include "stream_set_judge.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define HEAVY 512u
#define COST_EXPRESSION 50u
#define COST_HEAVY 500u

// Groups within each other.
#define DEPTH 64u

struct scale {
	const char *at;
	uint64_t sum; // of the group at hand
	uint64_t last; // of that: what a repeat would be about
	uint64_t outer[DEPTH]; // sums of the groups around it
	uint32_t depth;
};

static uint64_t bounded(uint64_t n) {
	return n < STREAM_WEIGHT_MAX ? n : STREAM_WEIGHT_MAX;
}

static void put(struct scale *s, uint64_t weight) {
	s->last = weight;
	s->sum = bounded(s->sum + weight);
}

static void repeat(struct scale *s, uint64_t times) {
	uint64_t others = s->sum - s->last;
	s->last = bounded(s->last * times);
	s->sum = bounded(others + s->last);
}

// Behind the brace.
static void repeat_counted(struct scale *s) {
	uint64_t most = 1, n = 0;
	for (; isdigit((unsigned char)*s->at) || *s->at == ','; s->at++) {
		n = *s->at == ',' ? 0 : bounded(n * 10 + (uint64_t)(*s->at - '0'));
		most = n > most ? n : most;
	}
	repeat(s, most);
}

static void skip_class(struct scale *s) {
	while (*s->at != '\0' && *s->at != ']')
		s->at += s->at[0] == '\\' && s->at[1] != '\0' ? 2 : 1;
	s->at += *s->at != '\0';
}

static void skip_escape(struct scale *s) {
	bool hex = *s->at == 'x';
	s->at += *s->at != '\0';
	for (unsigned i = 0; hex && i < 2 && isxdigit((unsigned char)*s->at); i++)
		s->at++;
}

uint32_t stream_piece_weight(const char *regex) {
	struct scale s = {.at = regex};
	while (*s.at != '\0') {
		switch (*s.at++) {
		case '\\':
			skip_escape(&s);
			put(&s, 1);
			break;
		case '[':
			skip_class(&s);
			put(&s, 1);
			break;
		case '(':
			if (s.depth == DEPTH)
				return STREAM_WEIGHT_MAX;
			if (*s.at == '?')
				s.at += strcspn(s.at, ":)");
			s.at += *s.at == ':';
			s.outer[s.depth++] = s.sum;
			s.sum = s.last = 0;
			break;
		case ')':
			if (s.depth > 0) {
				uint64_t inner = s.sum;
				s.sum = s.outer[--s.depth];
				put(&s, inner);
			}
			break;
		case '{':
			repeat_counted(&s);
			break;
		case '}':
		case '*':
		case '+':
		case '?':
		case '|':
			break;
		default:
			put(&s, 1);
		}
	}
	while (s.depth > 0)
		s.sum = bounded(s.sum + s.outer[--s.depth]);
	return (uint32_t)s.sum;
}

bool stream_piece_is_literal(const char *regex) {
	for (const char *p = regex; *p != '\0'; p += 4) {
		if (p[0] != '\\' || p[1] != 'x' || !isxdigit((unsigned char)p[2])
		    || !isxdigit((unsigned char)p[3]))
			return false;
	}
	return true;
}

int stream_piece_judge(
	struct detect_probe *probe, const struct pattern *piece, uint32_t *cost, struct err *err
) {
	*cost = 1;
	if (stream_piece_is_literal(piece->regex))
		return 0;
	*cost = COST_EXPRESSION;
	if (stream_piece_weight(piece->regex) <= HEAVY)
		return 0;
	*cost = COST_HEAVY;
	int ret = detect_probe_run(probe, piece->regex, piece->flags, err);
	return ret < 0 ? ret : 0;
}
