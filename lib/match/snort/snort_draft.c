// What several options have in common: values in quotes, conditions on numbers, room for tests.

#include "snort_draft.h"

#include <errno.h>
#include <string.h>

#define ACCEPTED_NUMBERS "5, !5, >5, >=5, <5, <=5, 5<>9"

struct snort_test *snort_draft_add_test(struct snort_draft *d, enum snort_test_kind kind) {
	if (d->rule.n_tests == SNORT_TESTS_MAX) {
		snort_refuse(
			d->fault, SNORT_LIMIT,
			"more than %u contents, pcres and other tests of the payload",
			SNORT_TESTS_MAX
		);
		return NULL;
	}
	struct snort_test *t = &d->tests[d->rule.n_tests++];
	*t = (struct snort_test){.kind = kind};
	return t;
}

int snort_draft_refuse_value(
	struct snort_draft *d, const char *keyword, struct snort_text value, const char *accepted
) {
	char buf[SNORT_SHOWN];
	return snort_refuse(
		d->fault, SNORT_BAD_OPTION, "%s: '%s' (accepted: %s)", keyword,
		snort_text_show(value, buf), accepted
	);
}

int snort_draft_unquote(
	struct snort_draft *d, const char *keyword, struct snort_text *text, bool *negated
) {
	struct snort_text t = *text;
	*negated = t.at < t.end && *t.at == '!';
	if (*negated)
		t.at++;
	t = snort_text_trim(t);
	if (snort_text_len(t) < 2 || *t.at != '"' || t.end[-1] != '"')
		return snort_draft_refuse_value(d, keyword, *text, "text in double quotes");
	*text = (struct snort_text){t.at + 1, t.end - 1};
	return 0;
}

static bool starts_with(struct snort_text *t, const char *what) {
	size_t len = strlen(what);
	if (snort_text_len(*t) < len || memcmp(t->at, what, len) != 0)
		return false;
	t->at += len;
	*t = snort_text_trim(*t);
	return true;
}

// `5<>9` or `5-9`. Returns false when there is no such sign in it.
static bool cut_range(struct snort_text t, struct snort_text *from, struct snort_text *to) {
	const char *sign = memmem(t.at, snort_text_len(t), "<>", 2);
	size_t sign_len = 2;
	if (sign == NULL) {
		sign = memchr(t.at, '-', snort_text_len(t));
		sign_len = 1;
	}
	if (sign == NULL)
		return false;
	*from = snort_text_trim((struct snort_text){t.at, sign});
	*to = snort_text_trim((struct snort_text){sign + sign_len, t.end});
	return true;
}

int snort_draft_read_number(
	struct snort_draft *d, const char *keyword, struct snort_text value, uint64_t max,
	struct snort_number *number
) {
	struct snort_text t = value, from, to;
	uint64_t lo, hi;
	struct snort_number n = {.given = true, .negated = starts_with(&t, "!"), .hi = max};
	if (cut_range(t, &from, &to)) {
		if (snort_text_read_uint(from, max, &lo) < 0
		    || snort_text_read_uint(to, max, &hi) < 0 || hi < 2 || lo > hi - 2)
			return snort_draft_refuse_value(d, keyword, value, ACCEPTED_NUMBERS);
		n.lo = lo + 1;
		n.hi = hi - 1;
		*number = n;
		return 0;
	}
	bool less = starts_with(&t, "<"), greater = !less && starts_with(&t, ">");
	bool or_equal = starts_with(&t, "=");
	if (snort_text_read_uint(t, max, &lo) < 0 || ((less || greater) && n.negated)
	    || (less && !or_equal && lo == 0) || (greater && !or_equal && lo == max))
		return snort_draft_refuse_value(d, keyword, value, ACCEPTED_NUMBERS);
	if (less) {
		n.hi = or_equal ? lo : lo - 1;
	} else {
		n.lo = greater && !or_equal ? lo + 1 : lo;
		n.hi = greater ? max : lo;
	}
	*number = n;
	return 0;
}
