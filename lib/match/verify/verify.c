// Runs a rule's tests one after the other, each from the set of places that the ones ahead of it left
// open. Nothing is ever tried again, and the first test without a place left ends it.

#include "verify.h"

#include "verify_bytes.h"
#include "verify_content.h"
#include "verify_pcre.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct test {
	enum snort_test_kind kind;
	bool negated; // contents and pcres
	bool relative;
	bool moves; // makes a set of its own
	bool more; // the set behind it is needed by a later test
	union {
		struct verify_content content;
		struct verify_pcre pcre;
		struct snort_isdataat isdataat;
		struct snort_byte byte;
	};
};

struct verifier {
	struct snort_number dsize, bsize;
	uint32_t n_tests;
	struct test tests[];
};

static int test_init(struct test *t, const struct snort_test *from, struct err *err) {
	t->kind = from->kind;
	switch (from->kind) {
	case SNORT_TEST_CONTENT:
		t->negated = (from->content.flags & SNORT_NEGATED) != 0;
		t->relative = verify_content_relative(&from->content);
		// One that has no place of its own is looked for anywhere, and nothing counts from it.
		t->moves = !t->negated && !(from->content.flags & SNORT_FAST_PATTERN_ONLY);
		return verify_content_init(&t->content, &from->content) < 0
			? err_set(err, -ENOMEM, "out of memory")
			: 0;
	case SNORT_TEST_PCRE:
		t->negated = (from->pcre.flags & SNORT_PCRE_NEGATED) != 0;
		t->relative = (from->pcre.flags & SNORT_PCRE_RELATIVE) != 0;
		t->moves = !t->negated;
		return verify_pcre_init(&t->pcre, &from->pcre, err);
	case SNORT_TEST_ISDATAAT:
		t->relative = from->isdataat.relative;
		t->isdataat = from->isdataat;
		return 0;
	case SNORT_TEST_BYTE_TEST:
	case SNORT_TEST_BYTE_JUMP:
		t->relative = (from->byte.flags & SNORT_BYTE_RELATIVE) != 0;
		t->moves = from->kind == SNORT_TEST_BYTE_JUMP;
		t->byte = from->byte;
		return 0;
	}
	return 0;
}

struct verifier *verifier_new(const struct snort_rule *rule, struct err *err) {
	struct verifier *v = calloc(1, sizeof(*v) + rule->n_tests * sizeof(v->tests[0]));
	if (v == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	v->dsize = rule->dsize;
	v->bsize = rule->bsize;
	for (uint32_t i = 0; i < rule->n_tests; i++) {
		v->n_tests = i + 1;
		if (test_init(&v->tests[i], &rule->tests[i], err) < 0) {
			verifier_free(v);
			return NULL;
		}
	}
	bool needed = false;
	for (uint32_t i = rule->n_tests; i-- > 0;) {
		struct test *t = &v->tests[i];
		t->more = needed;
		needed = t->relative || (needed && !t->moves);
	}
	return v;
}

void verifier_free(struct verifier *v) {
	for (uint32_t i = 0; v != NULL && i < v->n_tests; i++) {
		if (v->tests[i].kind == SNORT_TEST_CONTENT)
			verify_content_fini(&v->tests[i].content);
		else if (v->tests[i].kind == SNORT_TEST_PCRE)
			verify_pcre_fini(&v->tests[i].pcre);
	}
	free(v);
}

static bool
data_is_at(const struct snort_isdataat *d, const struct verify_input *in, uint32_t base) {
	bool is = d->relative ? in->len - base >= d->offset : in->len > d->offset;
	return is != d->negated;
}

// isdataat and byte_test, at one place.
static bool holds_at(const struct test *t, const struct verify_input *in, uint32_t base) {
	return t->kind == SNORT_TEST_ISDATAAT ? data_is_at(&t->isdataat, in, base)
					      : verify_bytes_test(&t->byte, in, base);
}

static bool holds(const struct test *t, const struct verify_input *in, struct verify_places *now) {
	if (!t->relative)
		return holds_at(t, in, 0);
	bool left = false;
	uint32_t base = verify_places_next(now, 0);
	for (; base != VERIFY_NOWHERE; base = verify_places_next(now, base + 1)) {
		if (!holds_at(t, in, base)) {
			verify_places_remove(now, base);
			continue;
		}
		left = true;
		if (!t->more)
			break;
	}
	return left;
}

static bool
jump(const struct test *t, const struct verify_input *in, const struct verify_places *now,
     struct verify_places *to) {
	verify_places_clear(to, in->len);
	bool landed = false;
	uint32_t base = t->relative ? verify_places_next(now, 0) : 0;
	for (; base != VERIFY_NOWHERE; base = verify_places_next(now, base + 1)) {
		uint32_t at = verify_bytes_jump(&t->byte, in, base);
		if (at != VERIFY_NOWHERE) {
			verify_places_add(to, at);
			landed = true;
		}
		if (!t->relative)
			break;
	}
	return landed;
}

// A content or pcre that must not be there.
static bool spared(const struct test *t, const struct verify_input *in, struct verify_places *now) {
	if (t->kind == SNORT_TEST_CONTENT)
		return t->relative ? verify_content_spare(&t->content, in, now, t->more)
				   : !verify_content_find(&t->content, in, NULL, NULL);
	if (t->relative)
		return verify_pcre_spare(&t->pcre, in, now, t->more);
	return verify_pcre_absent(&t->pcre, in);
}

// `to`: what it moves to, where somebody wants to know.
static bool run_test(
	const struct test *t, const struct verify_input *in, struct verify_places *now,
	struct verify_places *to
) {
	const struct verify_places *from = t->relative ? now : NULL;
	if (t->negated)
		return spared(t, in, now);
	switch (t->kind) {
	case SNORT_TEST_CONTENT:
		return verify_content_find(&t->content, in, from, t->moves && t->more ? to : NULL);
	case SNORT_TEST_PCRE:
		return verify_pcre_find(&t->pcre, in, from, t->more ? to : NULL);
	case SNORT_TEST_BYTE_JUMP:
		return jump(t, in, now, to);
	case SNORT_TEST_ISDATAAT:
	case SNORT_TEST_BYTE_TEST:
		return holds(t, in, now);
	}
	return false;
}

bool verifier_run(
	const struct verifier *v, struct verify_scratch *scratch, const uint8_t *payload,
	uint32_t len
) {
	assert(len <= scratch->len_max);
	const struct verify_input in = {.payload = payload, .len = len, .scratch = scratch};
	if (!snort_number_holds(&v->dsize, len) || !snort_number_holds(&v->bsize, len))
		return false;
	if (v->n_tests == 0 || len == 0)
		return v->n_tests == 0;
	struct verify_places *now = &scratch->places[0], *to = &scratch->places[1], *was;
	verify_scratch_begin(scratch, len);
	verify_places_clear(now, len);
	verify_places_add(now, 0);
	for (const struct test *t = v->tests; t < v->tests + v->n_tests; t++) {
		if (!run_test(t, &in, now, to))
			return false;
		if (t->moves && t->more) {
			was = now;
			now = to;
			to = was;
		}
	}
	return true;
}
