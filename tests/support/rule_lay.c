// A choice for one test, then the tests behind it: where they cannot be laid out the next choice.
// Negated tests are passed over.

#include "rule_lay.h"

#include "rule_number.h"
#include "rule_reference.h"

static bool go_on(struct rule_maker *m, uint32_t i, int64_t pos, struct rule_layout_state was) {
	if (m->steps++ < RULE_LAY_STEPS_MAX && rule_lay(m, i + 1, pos))
		return true;
	rule_layout_back(&m->layout, was);
	return false;
}

static bool try_content(struct rule_maker *m, uint32_t i, int64_t pos, int64_t at) {
	const struct snort_content *c = &m->rule->tests[i].content;
	struct rule_layout_state was = m->layout.now;
	int64_t end = at + c->len;
	if (!rule_layout_put(&m->layout, at, c->octets, c->len, (c->flags & SNORT_NOCASE) != 0)) {
		m->steps++;
		return false;
	}
	if ((c->flags & SNORT_ENDSWITH) && !rule_layout_limit(&m->layout, end, end)) {
		rule_layout_back(&m->layout, was);
		return false;
	}
	return go_on(m, i, c->flags & SNORT_FAST_PATTERN_ONLY ? pos : end, was);
}

static bool try_range(struct rule_maker *m, uint32_t i, int64_t pos, int64_t from, int64_t to) {
	for (int64_t at = from; at <= to && m->steps < RULE_LAY_STEPS_MAX; at++) {
		if (try_content(m, i, pos, at))
			return true;
	}
	return false;
}

static bool lay_content(struct rule_maker *m, uint32_t i, int64_t pos) {
	static const int64_t beyond[] = {0, 1, 4, 16, 64, 256, 1024};
	const struct snort_content *c = &m->rule->tests[i].content;
	int64_t high = m->layout.now.high, len = c->len;
	if (c->flags & (SNORT_DISTANCE | SNORT_WITHIN)) {
		int64_t from = pos + c->distance < 0 ? 0 : pos + c->distance;
		int64_t to = c->flags & SNORT_WITHIN ? pos + c->distance + c->within - len
						     : from + 200;
		// An end that is fixed may be far away.
		return try_range(m, i, pos, from, to)
			|| ((c->flags & SNORT_ENDSWITH) && m->layout.now.len_max - len >= from
			    && m->layout.now.len_max - len <= to
			    && try_content(m, i, pos, m->layout.now.len_max - len));
	}
	if (c->flags & SNORT_DEPTH)
		return try_range(m, i, pos, c->offset, (int64_t)c->offset + c->depth - len);
	if (m->pcres_first) {
		// Where it lies already, in a pcre's text.
		for (int64_t at = c->offset; at + len <= high; at++) {
			if (rule_layout_known(&m->layout, at, c->len) && try_content(m, i, pos, at))
				return true;
		}
	}
	int64_t from = high > c->offset ? high : c->offset;
	for (unsigned k = 0; k < sizeof(beyond) / sizeof(beyond[0]); k++) {
		if (try_content(m, i, pos, from + beyond[k]))
			return true;
	}
	return try_range(m, i, pos, c->offset, c->offset + 64)
		|| (m->layout.now.len_max < RULE_LAYOUT_MAX
		    && try_content(m, i, pos, m->layout.now.len_max - len));
}

static bool make_sample(struct rule_maker *m, const struct snort_pcre *p, uint64_t seed) {
	return regex_tree_read(&m->tree, p->regex, p->len, p->flags)
		&& regex_sample_make(&m->tree, seed, &m->sample);
}

// Puts the sample at `at`, with `behind` following where it is not NUL: what keeps the expression from
// reaching farther. Where the sample ends, or -1.
static int64_t put_sample(struct rule_maker *m, int64_t at, char behind) {
	const struct regex_sample *s = &m->sample;
	struct rule_layout_state was = m->layout.now;
	int64_t end = at + s->len;
	if (!rule_layout_put(&m->layout, at, s->octets, s->len, false))
		return -1;
	if ((behind != '\0' && !rule_layout_put(&m->layout, end, (const uint8_t *)&behind, 1, false)
	    )
	    || (s->at_end && !rule_layout_limit(&m->layout, end, end))) {
		rule_layout_back(&m->layout, was);
		return -1;
	}
	return end;
}

static bool try_pcre(struct rule_maker *m, uint32_t i, uint32_t turn, int64_t at) {
	struct rule_layout_state was = m->layout.now;
	if (m->steps++ >= RULE_LAY_STEPS_MAX
	    || !make_sample(m, &m->rule->tests[i].pcre, m->seed * 4 + turn))
		return false;
	int64_t end = put_sample(m, at, (m->seed + turn) % 2 == 0 ? '\0' : '\n');
	return end >= 0 && go_on(m, i, end, was);
}

static bool lay_pcre(struct rule_maker *m, uint32_t i, int64_t pos) {
	const struct snort_pcre *p = &m->rule->tests[i].pcre;
	if (m->ends[i] >= 0)
		return rule_lay(m, i + 1, m->ends[i]);
	for (uint32_t turn = 0; turn < 4; turn++) {
		if (!make_sample(m, p, m->seed * 4 + turn))
			return false;
		bool tied = m->sample.at_start || (p->flags & SNORT_PCRE_ANCHORED);
		if (p->flags & SNORT_PCRE_RELATIVE) {
			if (try_pcre(m, i, turn, pos))
				return true;
			continue;
		}
		int64_t high = tied ? 0 : m->layout.now.high;
		if (try_pcre(m, i, turn, high))
			return true;
		// Over what lies there already, where that agrees.
		for (int64_t at = 0; at < high; at++) {
			if (try_pcre(m, i, turn, at))
				return true;
		}
	}
	return false;
}

bool rule_lay_pcres(struct rule_maker *m) {
	for (uint32_t i = 0; i < m->rule->n_tests; i++) {
		const struct snort_test *t = &m->rule->tests[i];
		if (t->kind != SNORT_TEST_PCRE
		    || (t->pcre.flags & (SNORT_PCRE_NEGATED | SNORT_PCRE_RELATIVE)))
			continue;
		int64_t high = m->layout.now.high;
		if (!make_sample(m, &t->pcre, m->seed))
			return false;
		m->ends[i] = put_sample(m, 0, '\0');
		if (m->ends[i] < 0)
			m->ends[i] = put_sample(m, high, '\0');
		if (m->ends[i] < 0)
			return false;
	}
	return true;
}

static bool lay_isdataat(struct rule_maker *m, uint32_t i, int64_t pos) {
	const struct snort_isdataat *d = &m->rule->tests[i].isdataat;
	struct rule_layout_state was = m->layout.now;
	int64_t least = d->relative ? pos + d->offset : (int64_t)d->offset + 1;
	bool fits = d->negated ? rule_layout_limit(&m->layout, 0, least - 1)
			       : rule_layout_limit(&m->layout, least, RULE_LAYOUT_MAX);
	if (fits)
		return go_on(m, i, pos, was);
	rule_layout_back(&m->layout, was);
	return false;
}

// The bits that tests of the same number ask for, each by a test of its own.
static uint64_t bits_of(const struct snort_rule *rule, const struct snort_byte *b) {
	uint64_t bits = 0;
	for (uint32_t i = 0; i < rule->n_tests; i++) {
		const struct snort_byte *o = &rule->tests[i].byte;
		if (rule->tests[i].kind == SNORT_TEST_BYTE_TEST && o->offset == b->offset
		    && o->octets == b->octets && o->op == SNORT_BYTE_AND
		    && !(o->flags & SNORT_BYTE_NEGATED))
			bits |= o->value;
	}
	return bits;
}

static bool test_holds(const struct rule_maker *m, const struct snort_byte *b, int64_t at) {
	struct snort_test test = {.kind = SNORT_TEST_BYTE_TEST, .byte = *b};
	struct snort_rule alone = {.tests = &test, .n_tests = 1};
	test.byte.offset = (int32_t)at;
	test.byte.flags &= ~(uint32_t)SNORT_BYTE_RELATIVE;
	struct rule_reference *r = rule_reference_new(&alone);
	bool holds = r != NULL
		&& rule_reference_judge(r, m->layout.octets, m->layout.now.high) == RULE_HOLDS;
	rule_reference_free(r);
	return holds;
}

static bool lay_byte_test(struct rule_maker *m, uint32_t i, int64_t pos) {
	const struct snort_byte *b = &m->rule->tests[i].byte;
	struct rule_layout_state was = m->layout.now;
	int64_t at = (b->flags & SNORT_BYTE_RELATIVE ? pos : 0) + b->offset;
	uint64_t value = bits_of(m->rule, b);
	if (b->octets != 0 && rule_layout_known(&m->layout, at, b->octets))
		return test_holds(m, b, at) && go_on(m, i, pos, was);
	for (uint32_t k = 0; k == 0 || rule_number_for_test(b, k - 1, &value); k++) {
		if (!rule_number_put(&m->layout, b, at, value))
			continue;
		if (test_holds(m, b, at) && go_on(m, i, pos, was))
			return true;
		rule_layout_back(&m->layout, was);
	}
	return false;
}

static bool lay_byte_jump(struct rule_maker *m, uint32_t i, int64_t pos) {
	const struct snort_byte *b = &m->rule->tests[i].byte;
	struct rule_layout_state was = m->layout.now;
	int64_t at = (b->flags & SNORT_BYTE_RELATIVE ? pos : 0) + b->offset;
	for (uint64_t value = 0; value < 300 && m->steps < RULE_LAY_STEPS_MAX; value++) {
		if (b->octets == 0 && value > 0)
			return false;
		if (b->octets != 0 && !rule_number_put(&m->layout, b, at, value))
			continue;
		// From the end: it has to be known.
		if ((b->flags & SNORT_BYTE_FROM_END)
		    && !rule_layout_limit(&m->layout, was.high + 64, was.high + 64)) {
			rule_layout_back(&m->layout, was);
			return false;
		}
		int64_t to = rule_number_lands(b, at, value, m->layout.now.len_max);
		// A relative jump wants something where it reads, though it reads nothing.
		if (rule_layout_limit(&m->layout, (to > at ? to : at) + 1, RULE_LAYOUT_MAX)
		    && go_on(m, i, to, was))
			return true;
		rule_layout_back(&m->layout, was);
	}
	return false;
}

bool rule_lay(struct rule_maker *m, uint32_t i, int64_t pos) {
	if (i == m->rule->n_tests)
		return true;
	const struct snort_test *t = &m->rule->tests[i];
	switch (t->kind) {
	case SNORT_TEST_CONTENT:
		return t->content.flags & SNORT_NEGATED ? rule_lay(m, i + 1, pos)
							: lay_content(m, i, pos);
	case SNORT_TEST_PCRE:
		return t->pcre.flags & SNORT_PCRE_NEGATED ? rule_lay(m, i + 1, pos)
							  : lay_pcre(m, i, pos);
	case SNORT_TEST_ISDATAAT:
		return lay_isdataat(m, i, pos);
	case SNORT_TEST_BYTE_TEST:
		return lay_byte_test(m, i, pos);
	case SNORT_TEST_BYTE_JUMP:
		return lay_byte_jump(m, i, pos);
	}
	return false;
}
