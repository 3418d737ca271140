// lib/match/stream/stream_plan_regex.c against PCRE2: what is read and written again finds the same in
// random subjects, what is called a width or an end is one, and what PCRE2 refuses is refused. The
// expressions are random sequences of what expressions consist of, mostly broken.

#include "match/stream/stream_plan_facts.h"
#include "match/stream/stream_plan_text.h"

#include "dice.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SUBJECTS 40u

static uint64_t dice = 0x2545f4914f6cdd1d;

static uint32_t draw(uint32_t n) {
	return dice_draw(&dice, n);
}

static const char *const parts[] = {
	"a",
	"b",
	"B",
	"a",
	"b",
	"1",
	" ",
	"_",
	".",
	".",
	"^",
	"$",
	"|",
	"|",
	"(",
	"(",
	")",
	")",
	"(?:",
	"[",
	"]",
	"[^",
	"-",
	"[ab]",
	"[^a]",
	"[a-b1]",
	"*",
	"+",
	"?",
	"{1,2}",
	"{2}",
	"{0}",
	"{2,}",
	"{",
	"}",
	",",
	"\\d",
	"\\w",
	"\\s",
	"\\D",
	"\\W",
	"\\S",
	"\\b",
	"\\B",
	"\\n",
	"\n",
	"\\x41",
	"\\x{62}",
	"\\x",
	"\\061",
	"\\101",
	"\\1",
	"\\A",
	"\\z",
	"\\Z",
	"(?i)",
	"(?-i)",
	"(?s:",
	"(?m)",
	"(?x)",
	"(?i-s:",
	"(?#c)",
	"(?P<n>",
	"(?<m>",
	"#",
	"\\.",
	"\\-",
	"\\ ",
	"\\N",
	"\\h",
	"\\v",
	"[[:alpha:]]",
	"[[:^digit:]_]",
	"[:alpha:]",
	"[\\d-a]",
	"[]a]",
	"\\e",
	"\\cA",
	"\\",
	"(?=",
	"(?>",
	"\\g1",
	"\\Q",
	"[\\b]",
	"[b-a]",
	"(?U)",
	"\\/",
};

struct made {
	char text[128];
	uint32_t flags; // enum snort_pcre_flag
};

static struct made make(void) {
	static const uint32_t flags[] = {
		SNORT_PCRE_CASELESS, SNORT_PCRE_DOTALL,         SNORT_PCRE_MULTILINE,
		SNORT_PCRE_EXTENDED, SNORT_PCRE_DOLLAR_ENDONLY, SNORT_PCRE_UNGREEDY,
	};
	struct made m = {};
	for (uint32_t n = 1 + draw(8); n > 0; n--)
		strcat(m.text, parts[draw(draw(3) ? 36 : COUNT(parts))]);
	for (unsigned i = 0; i < COUNT(flags); i++)
		m.flags |= draw(4) == 0 ? flags[i] : 0;
	return m;
}

static pcre2_code *compile(const char *text, uint32_t flags) {
	int error;
	PCRE2_SIZE at;
	uint32_t o = 0;
	o |= flags & SNORT_PCRE_CASELESS ? PCRE2_CASELESS : 0;
	o |= flags & SNORT_PCRE_DOTALL ? PCRE2_DOTALL : 0;
	o |= flags & SNORT_PCRE_MULTILINE ? PCRE2_MULTILINE : 0;
	o |= flags & SNORT_PCRE_EXTENDED ? PCRE2_EXTENDED : 0;
	o |= flags & SNORT_PCRE_DOLLAR_ENDONLY ? PCRE2_DOLLAR_ENDONLY : 0;
	o |= flags & SNORT_PCRE_UNGREEDY ? PCRE2_UNGREEDY : 0;
	return pcre2_compile((PCRE2_SPTR)text, strlen(text), o, &error, &at, NULL);
}

// Where the expression matches at `at`, by its own taste or, `longest`, the longest. -1: it does
// not.
static int64_t
end_of(const pcre2_code *code, const uint8_t *subject, uint32_t len, uint32_t at, bool longest) {
	int64_t end = -1;
	int workspace[1000];
	pcre2_match_data *match = pcre2_match_data_create(8, NULL);
	int ret = longest ? pcre2_dfa_match(
			  code, subject, len, at, PCRE2_ANCHORED, match, NULL, workspace,
			  COUNT(workspace)
		  )
			  : pcre2_match(code, subject, len, at, PCRE2_ANCHORED, match, NULL);
	if (ret >= 0)
		end = (int64_t)pcre2_get_ovector_pointer(match)[1];
	else if (ret != PCRE2_ERROR_NOMATCH)
		cr_assert(longest, "error %d", ret);
	pcre2_match_data_free(match);
	return end;
}

static void
compare(const struct made *m, const struct regex_node *root, const pcre2_code *given,
	const pcre2_code *written) {
	struct octet_set set;
	bool told = root->certain || regex_ends_greedily(root, &set);
	uint8_t subject[16];
	uint32_t len = draw(sizeof(subject));
	for (uint32_t i = 0; i < len; i++)
		subject[i] = (uint8_t) "aabbB1 _\n"[draw(9)];
	for (uint32_t at = 0; at <= len; at++) {
		int64_t end = end_of(given, subject, len, at, false);
		int64_t longest = end_of(written, subject, len, at, true);
		cr_assert_eq(
			end < 0, longest < 0, "%s (%x) at %u of %.*s: %ld, %ld", m->text, m->flags,
			at, (int)len, subject, (long)end, (long)longest
		);
		if (end < 0)
			continue;
		cr_assert_geq(end - at, (int64_t)root->min, "%s", m->text);
		cr_assert_leq(end - at, (int64_t)root->max, "%s", m->text);
		if (root->n_lead > 0)
			cr_assert(octet_set_has(&root->lead[0], subject[at]), "%s", m->text);
		if (end > at)
			cr_assert(octet_set_has(&root->first, subject[at]), "%s", m->text);
		if (told)
			cr_assert_eq(
				end, longest, "%s (%x) at %u of %.*s: %ld, %ld", m->text, m->flags,
				at, (int)len, subject, (long)end, (long)longest
			);
	}
}

struct tally {
	uint32_t refused, compared, certain;
};

static void try_one(struct tally *t) {
	struct made m = make();
	struct snort_arena arena = {};
	struct snort_fault fault = {};
	struct plan_text text = {};
	struct regex_node *root;
	const struct snort_pcre pcre = {
		.regex = m.text, .len = (uint32_t)strlen(m.text), .flags = m.flags};
	if (regex_parse(&pcre, &arena, &root, &fault) < 0) {
		cr_assert_not_null(fault.group);
		snort_arena_fini(&arena);
		t->refused++;
		return;
	}
	plan_text_add(&text, "");
	plan_text_add_regex(&text, root);
	pcre2_code *given = compile(m.text, m.flags);
	pcre2_code *written = compile(text.at, SNORT_PCRE_DOTALL);
	cr_assert_not_null(given, "PCRE2 refuses %s (%x)", m.text, m.flags);
	cr_assert_not_null(written, "%s became %s", m.text, text.at);
	for (uint32_t i = 0; i < SUBJECTS; i++)
		compare(&m, root, given, written);
	t->compared++;
	t->certain += root->certain && root->min != root->max;
	pcre2_code_free(given);
	pcre2_code_free(written);
	plan_text_fini(&text);
	snort_arena_fini(&arena);
}

Test(stream_plan_perl, expressions_find_the_same_once_read_and_written) {
	struct tally t = {};
	for (unsigned i = 0; i < 12000; i++)
		try_one(&t);
	cr_assert_gt(t.compared, 2000u, "%u", t.compared);
	cr_assert_gt(t.certain, 50u, "%u", t.certain);
}
