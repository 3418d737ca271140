// lib/match/stream/stream_plan_regex.c: reading expressions, writing them again, and what is known of
// them.

#include "match/stream/stream_plan_facts.h"
#include "match/stream/stream_plan_regex.h"
#include "match/stream/stream_plan_text.h"

#include <criterion/criterion.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct parsed {
	struct snort_arena arena;
	struct snort_fault fault;
	struct regex_node *root; // NULL: refused
};

static struct parsed parse(const char *regex, uint32_t flags) {
	struct parsed p = {};
	struct snort_pcre pcre = {.regex = regex, .len = (uint32_t)strlen(regex), .flags = flags};
	if (regex_parse(&pcre, &p.arena, &p.root, &p.fault) < 0)
		p.root = NULL;
	return p;
}

Test(stream_plan_regex, expressions_are_written_octet_by_octet) {
	static const struct {
		const char *regex;
		uint32_t flags;
		const char *text;
	} t[] = {
		{"ab", 0, "\\x61\\x62"},
		{"aB1", SNORT_PCRE_CASELESS, "[\\x41\\x61][\\x42\\x62]\\x31"},
		{".", 0, "[^\\x0a]"},
		{".", SNORT_PCRE_DOTALL, "."},
		{"\\.\\/\\-", 0, "\\x2e\\x2f\\x2d"},
		{"\\x41\\x4\\x{7f}\\xg", 0, "\\x41\\x04\\x7f\\x00\\x67"},
		{"\\0\\012\\101", 0, "\\x00\\x0a\\x41"},
		{"\\n\\r\\t\\f\\a\\e\\cA", 0, "\\x0a\\x0d\\x09\\x0c\\x07\\x1b\\x01"},
		{"\\d", 0, "[\\x30-\\x39]"},
		{"\\D", 0, "[^\\x30-\\x39]"},
		{"\\w", 0, "[\\x30-\\x39\\x41-\\x5a\\x5f\\x61-\\x7a]"},
		{"\\s", 0, "[\\x09-\\x0d\\x20]"},
		{"[abc]", 0, "[\\x61-\\x63]"},
		{"[^\\n]", 0, "[^\\x0a]"},
		{"[]a]", 0, "[\\x5d\\x61]"},
		{"[a-]", 0, "[\\x2d\\x61]"},
		{"[a\\-z]", 0, "[\\x2d\\x61\\x7a]"},
		{"[\\d-]", 0, "[\\x2d\\x30-\\x39]"},
		{"[\\d\\b]", 0, "[\\x08\\x30-\\x39]"},
		{"[[:digit:]x]", 0, "[\\x30-\\x39\\x78]"},
		{"[[:^digit:]]", 0, "[^\\x30-\\x39]"},
		{"[[x]", 0, "[\\x5b\\x78]"},
		{"[^a]", SNORT_PCRE_CASELESS, "[^\\x41\\x61]"},
		{"[A-C]", SNORT_PCRE_CASELESS, "[\\x41-\\x43\\x61-\\x63]"},
		{"a*b+c?", 0, "\\x61*\\x62+\\x63?"},
		{"a{3}b{2,}c{1,4}", 0, "\\x61{3}\\x62{2,}\\x63{1,4}"},
		{"a*?b{2}?", 0, "\\x61*\\x62{2}"},
		{"a{x}", 0, "\\x61\\x7b\\x78\\x7d"},
		{"a{,3}", 0, "\\x61\\x7b\\x2c\\x33\\x7d"},
		{"a{0}b", 0, "\\x62"},
		{"(ab)+", 0, "(?:\\x61\\x62)+"},
		{"(?:ab)+", 0, "(?:\\x61\\x62)+"},
		{"(?P<n>a)(?<m>b)(?'o'c)", 0, "\\x61\\x62\\x63"},
		{"a|b", 0, "(?:\\x61|\\x62)"},
		{"(a|)b", 0, "(?:\\x61|)\\x62"},
		{"(?i)a", 0, "[\\x41\\x61]"},
		{"(?i:a)a", 0, "[\\x41\\x61]\\x61"},
		{"((?i)a|b)c", 0, "(?:[\\x41\\x61]|[\\x42\\x62])\\x63"},
		{"(?-i:a)a", SNORT_PCRE_CASELESS, "\\x61[\\x41\\x61]"},
		{"(?s).(?-s).", 0, ".[^\\x0a]"},
		{"a(?#hello)b", 0, "\\x61\\x62"},
		{"a(?#hello)*", 0, "\\x61*"},
		{"a b # c\n d\\ [ ]", SNORT_PCRE_EXTENDED, "\\x61\\x62\\x64\\x20\\x20"},
		{"a +", SNORT_PCRE_EXTENDED, "\\x61+"},
		{"^a$", 0, "^\\x61$"},
		{"^a$", SNORT_PCRE_MULTILINE, "(?m:^)\\x61(?m:$)"},
		{"^a$", SNORT_PCRE_DOLLAR_ENDONLY, "^\\x61\\z"},
		{"\\Aa\\z", SNORT_PCRE_MULTILINE, "^\\x61\\z"},
		{"\\ba\\B", 0, "\\b\\x61\\B"},
		{"\\h\\v\\N", 0, "[\\x09\\x20\\xa0][\\x0a-\\x0d\\x85][^\\x0a]"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct plan_text text = {};
		struct parsed p = parse(t[i].regex, t[i].flags);
		cr_expect_not_null(p.root, "%s: %s", t[i].regex, p.fault.reason.text);
		if (p.root != NULL) {
			plan_text_add_regex(&text, p.root);
			cr_expect_str_eq(text.at, t[i].text, "%s: %s", t[i].regex, text.at);
		}
		plan_text_fini(&text);
		snort_arena_fini(&p.arena);
	}
}

Test(stream_plan_regex, what_cannot_be_followed_is_refused_by_name) {
	static const struct {
		const char *regex, *group;
	} t[] = {
		{"(a)\\1", "pcre: back-reference"},
		{"(?P<n>a)(?P=n)", "pcre: back-reference"},
		{"(a)\\g1", "pcre: back-reference"},
		{"(a)\\k<n>", "pcre: back-reference"},
		{"a(?=b)", "pcre: lookaround"},
		{"a(?!b)", "pcre: lookaround"},
		{"(?<=a)b", "pcre: lookaround"},
		{"(?<!a)b", "pcre: lookaround"},
		{"(?>a)", "pcre: atomic group"},
		{"a++", "pcre: possessive repeat"},
		{"(?(1)a)", "pcre: condition"},
		{"(?R)", "pcre: recursion"},
		{"(?1)", "pcre: recursion"},
		{"(?&n)", "pcre: recursion"},
		{"(*ANY)a", "pcre: verb"},
		{"(?|a)", "pcre: branch reset"},
		{"\\pL", "pcre: escape"},
		{"\\C", "pcre: escape"},
		{"\\K", "pcre: escape"},
		{"\\R", "pcre: escape"},
		{"\\X", "pcre: escape"},
		{"\\Qa", "pcre: escape"},
		{"\\G", "pcre: escape"},
		{"\\x{100}", "pcre: escape"},
		{"(a", "pcre: syntax"},
		{"a)", "pcre: syntax"},
		{"[a", "pcre: syntax"},
		{"[", "pcre: syntax"},
		{"[^", "pcre: syntax"},
		{"[a-", "pcre: syntax"},
		{"[\\", "pcre: syntax"},
		{"[z-a]", "pcre: syntax"},
		{"[a-\\d]", "pcre: syntax"},
		{"[\\d-a]", "pcre: syntax"},
		{"[[:x:]]", "pcre: syntax"},
		{"[[:digit", "pcre: syntax"},
		{"*a", "pcre: syntax"},
		{"a{3,2}", "pcre: syntax"},
		{"^*", "pcre: syntax"},
		{"a{2}{3}", "pcre: syntax"},
		{"{2}", "pcre: syntax"},
		{"[:alpha:]", "pcre: syntax"},
		{"\\N{U+41}", "pcre: escape"},
		{"()+", "pcre: syntax"},
		{"a\\", "pcre: syntax"},
		{"(?", "pcre: syntax"},
		{"(?i", "pcre: syntax"},
		{"(?#", "pcre: syntax"},
		{"(?<", "pcre: syntax"},
		{"(?Px", "pcre: syntax"},
		{"\\x{", "pcre: syntax"},
		{"[^\\d\\D]", "pcre: syntax"},
		{"a{5000}", "pcre: too large"},
		{"(abcdef){1000}", "pcre: too large"},
		{"((ab{50}c){20}){9}", "pcre: too large"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct parsed p = parse(t[i].regex, 0);
		cr_expect_null(p.root, "%s", t[i].regex);
		if (p.root == NULL)
			cr_expect_str_eq(
				p.fault.group, t[i].group, "%s: %s", t[i].regex, p.fault.reason.text
			);
		snort_arena_fini(&p.arena);
	}
}

Test(stream_plan_regex, deep_groups_are_refused) {
	char regex[20000];
	for (unsigned n = 0; n < sizeof(regex) - 1; n++)
		regex[n] = '(';
	regex[sizeof(regex) - 1] = '\0';
	struct parsed p = parse(regex, 0);
	cr_assert_null(p.root);
	cr_assert_str_eq(p.fault.group, "pcre: too large");
	snort_arena_fini(&p.arena);
}

Test(stream_plan_regex, widths_are_known) {
	static const struct {
		const char *regex;
		uint32_t min, max;
	} t[] = {
		{"abc", 3, 3},          {"a*", 0, PLAN_OPEN},
		{"a+b?", 1, PLAN_OPEN}, {"a{2,5}b", 3, 6},
		{"a|bcd", 1, 3},        {"(ab|c){2}", 2, 4},
		{"^a$", 1, 1},          {"\\b", 0, 0},
		{"(a|)(b|)", 0, 2},     {"(a{4000}){4000}", 0, 0},
	};
	for (unsigned i = 0; i + 1 < COUNT(t); i++) {
		struct parsed p = parse(t[i].regex, 0);
		cr_assert_not_null(p.root, "%s: %s", t[i].regex, p.fault.reason.text);
		cr_expect_eq(p.root->min, t[i].min, "%s: %u", t[i].regex, p.root->min);
		cr_expect_eq(p.root->max, t[i].max, "%s: %u", t[i].regex, p.root->max);
		snort_arena_fini(&p.arena);
	}
}

// What a test that is relative to the expression may take for its end.
enum end {
	VAGUE,
	GREEDY,
	CERTAIN,
};

Test(stream_plan_regex, an_end_is_certain_only_where_octets_decide) {
	static const struct {
		const char *regex;
		enum end end;
	} t[] = {
		{"abc", CERTAIN},
		{"a.c\\d{3}", CERTAIN},
		{"ab|cd", CERTAIN},
		{"a|bcd", CERTAIN},
		{"a|ab", VAGUE},
		{"ab|a", VAGUE},
		{"abc|abd", CERTAIN},
		{"abc|abde", CERTAIN},
		{"abc|ab", VAGUE},
		{"abcde|abcdfg", VAGUE}, // not looked into as far
		{"a?", VAGUE},
		{"a|", VAGUE},
		{"a+b", CERTAIN},
		{"a+ab", VAGUE},
		{"a*b", CERTAIN},
		{"\\x20+\\x3a\\s", CERTAIN},
		{"a.*b", VAGUE},
		{"a[^b]*b", CERTAIN},
		{"(ab)+c", CERTAIN},
		{"(ab)+a", VAGUE},
		{"(a|ab)+c", VAGUE},
		{"(a|b){3}", CERTAIN},
		{"(a|bc){3}", CERTAIN},
		{"a{2,3}", VAGUE},
		{"a{2,3}b", CERTAIN},
		{"a{2,3}b?", VAGUE},
		{"(j|\\$(l|up):j|\\$::-j)n", CERTAIN},
		{"a+", GREEDY},
		{"a+?", VAGUE},
		{"(?U)a+?", GREEDY},
		{"ba+", GREEDY},
		{"[^\\n]{5,}", GREEDY},
		{"\\d+[^\\s]+", GREEDY},
		{"\\s+\\d+[^\\s]+", GREEDY},
		{"[^\\s]+\\d+", VAGUE},
		{"b*a+", GREEDY},
		{".*a+", VAGUE},
		{"(a|ab)b+", VAGUE},
		{"(ab)+", VAGUE},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct octet_set set;
		struct parsed p = parse(t[i].regex, 0);
		cr_assert_not_null(p.root, "%s: %s", t[i].regex, p.fault.reason.text);
		enum end end = p.root->certain              ? CERTAIN
			: regex_ends_greedily(p.root, &set) ? GREEDY
							    : VAGUE;
		cr_expect_eq(end, t[i].end, "%s: %d", t[i].regex, end);
		snort_arena_fini(&p.arena);
	}
}

Test(stream_plan_regex, anchors_count_only_where_every_alternative_has_one) {
	static const struct {
		const char *regex;
		uint32_t flags;
		bool anchored, line;
		uint32_t left; // anchors that are left once the leading ones are dropped
	} t[] = {
		{"^a", 0, true, false, 0},
		{"^a", SNORT_PCRE_MULTILINE, true, true, 0},
		{"\\Aa", SNORT_PCRE_MULTILINE, true, false, 0},
		{"^a|^b", 0, true, false, 0},
		{"^(a|b)", 0, true, false, 0},
		{"(^a|^b)c", 0, true, false, 0},
		{"^a|b", 0, false, false, 1},
		{"^a|\\Ab", SNORT_PCRE_MULTILINE, false, false, 2},
		{"(^a)?b", 0, false, false, 1},
		{"a", 0, false, false, 0},
		{"^^a", 0, true, false, 1},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		bool line = false;
		struct parsed p = parse(t[i].regex, t[i].flags);
		cr_assert_not_null(p.root);
		cr_expect_eq(regex_is_anchored(p.root, &line), t[i].anchored, "%s", t[i].regex);
		if (t[i].anchored) {
			cr_expect_eq(line, t[i].line, "%s", t[i].regex);
			regex_drop_anchors(p.root);
		}
		cr_expect_eq(p.root->anchors, t[i].left, "%s: %u", t[i].regex, p.root->anchors);
		snort_arena_fini(&p.arena);
	}
}
