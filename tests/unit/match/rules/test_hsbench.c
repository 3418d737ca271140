// lib/match/rules/hsbench.c: one line of an hsbench pattern file.

#include "match/rules/hsbench.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
// Text of a known length: it may hold NUL.
#define TEXT(s) s, sizeof(s) - 1

Test(hsbench, good_lines_give_id_regex_and_flags) {
	static const struct {
		const char *text;
		uint32_t id;
		const char *regex;
		uint32_t flags;
	} t[] = {
		{"1:/abc/", 1, "abc", 0},
		{"0:/abc/i", 0, "abc", PATTERN_CASELESS},
		{"4294967295:/a/s", UINT32_MAX, "a", PATTERN_DOTALL},
		{"007:/a/m", 7, "a", PATTERN_MULTILINE},
		{"1:/a/H", 1, "a", PATTERN_SINGLEMATCH},
		{"1:/a/V", 1, "a", PATTERN_ALLOWEMPTY},
		{"1:/a/8", 1, "a", PATTERN_UTF8},
		{"1:/a/W", 1, "a", PATTERN_UCP},
		{"1:/a/P", 1, "a", PATTERN_PREFILTER},
		{"1:/a/L", 1, "a", PATTERN_SOM_LEFTMOST},
		{"1:/2&3/C", 1, "2&3", PATTERN_COMBINATION},
		{"1:/2&3/QCH", 1, "2&3", PATTERN_COMBINATION | PATTERN_QUIET | PATTERN_SINGLEMATCH},
		{"1:/a/Q", 1, "a", PATTERN_QUIET},
		{"1:/a/O", 1, "a", 0},
		{"1:/a/smi8W", 1, "a",
		 PATTERN_DOTALL | PATTERN_MULTILINE | PATTERN_CASELESS | PATTERN_UTF8
			 | PATTERN_UCP},
		{"1:/a/ii", 1, "a", PATTERN_CASELESS},
		{"1://", 1, "", 0},
		{"1:///", 1, "/", 0},
		{"1:/a/b/i", 1, "a/b", PATTERN_CASELESS},
		{"1:/http://x/y/", 1, "http://x/y", 0},
		{"1:/a:b/", 1, "a:b", 0},
		{"1:/a{2,3}/", 1, "a{2,3}", 0},
		{"1:/ a # b /", 1, " a # b ", 0},
		{"  1:/a/i \t", 1, "a", PATTERN_CASELESS},
		{"1:/a/i\r", 1, "a", PATTERN_CASELESS},
		{"1:/\xff\x01/", 1, "\xff\x01", 0},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct hsbench_line l;
		cr_assert_eq(
			hsbench_read_line(&l, t[i].text, strlen(t[i].text)), 1, "%s: %s", t[i].text,
			l.reason.text
		);
		cr_assert(l.has_id);
		cr_assert_eq(l.pattern.id, t[i].id, "%s", t[i].text);
		cr_assert_str_eq(l.pattern.regex, t[i].regex, "%s", t[i].text);
		cr_assert_eq(l.pattern.flags, t[i].flags, "%s", t[i].text);
		cr_assert_eq(l.pattern.ext, 0u, "%s", t[i].text);
		free(l.pattern.regex);
	}
}

Test(hsbench, extended_parameters_are_read) {
	struct hsbench_line l;
	cr_assert_eq(
		hsbench_read_line(
			&l,
			TEXT("5:/a/is{min_offset=50,max_offset=18446744073709551615, "
			     "min_length=7 }")
		),
		1
	);
	cr_assert_eq(l.pattern.flags, PATTERN_CASELESS | PATTERN_DOTALL);
	cr_assert_eq(l.pattern.ext, PATTERN_MIN_OFFSET | PATTERN_MAX_OFFSET | PATTERN_MIN_LENGTH);
	cr_assert_eq(l.pattern.min_offset, 50u);
	cr_assert_eq(l.pattern.max_offset, UINT64_MAX);
	cr_assert_eq(l.pattern.min_length, 7u);
	free(l.pattern.regex);
	cr_assert_eq(hsbench_read_line(&l, TEXT("5:/a/{edit_distance=2}")), 1);
	cr_assert_eq(l.pattern.ext, PATTERN_EDIT_DISTANCE);
	cr_assert_eq(l.pattern.edit_distance, 2u);
	free(l.pattern.regex);
	cr_assert_eq(hsbench_read_line(&l, TEXT("5:/a/{hamming_distance=3}")), 1);
	cr_assert_eq(l.pattern.ext, PATTERN_HAMMING_DISTANCE);
	cr_assert_eq(l.pattern.hamming_distance, 3u);
	free(l.pattern.regex);
	cr_assert_eq(hsbench_read_line(&l, TEXT("5:/1|2/C{min_offset=3,max_offset=4}")), 1);
	free(l.pattern.regex);
}

Test(hsbench, blank_lines_and_comments_hold_no_pattern) {
	static const char *const t[] = {"",  " ",       "\t \r",        "\r",
					"#", "# 1:/a/", "  # indented", "#\x01\xff"};
	struct hsbench_line l;
	for (unsigned i = 0; i < COUNT(t); i++)
		cr_assert_eq(hsbench_read_line(&l, t[i], strlen(t[i])), 0, "%s", t[i]);
	cr_assert_eq(hsbench_read_line(&l, TEXT("#\0\0")), 0);
}

Test(hsbench, bad_lines_are_refused_by_group_with_the_id_where_it_can_be_read) {
	static const struct {
		const char *text;
		const char *group;
		bool has_id;
		const char *says; // in the reason
	} t[] = {
		{"abc", "syntax", false, "'abc'"},
		{"/abc/", "syntax", false, "id:/regex/flags"},
		{":/abc/", "syntax", false, "id:/regex/flags"},
		{"-1:/abc/", "syntax", false, "id:/regex/flags"},
		{"+1:/abc/", "syntax", false, "id:/regex/flags"},
		{"1 :/abc/", "syntax", false, "id:/regex/flags"},
		{"0x1:/abc/", "syntax", false, "id:/regex/flags"},
		{"1", "syntax", false, "id:/regex/flags"},
		{"4294967296:/abc/", "syntax", false, "4294967295"},
		{"99999999999999999999999999:/abc/", "syntax", false, "4294967295"},
		{"1:", "syntax", true, "no '/'"},
		{"1:abc/", "syntax", true, "no '/'"},
		{"1: /abc/", "syntax", true, "no '/'"},
		{"1:/abc", "syntax", true, "end"},
		{"1:/", "syntax", true, "end"},
		{"1:/abc/z", "flags", true, "'z'"},
		{"1:/abc/I", "flags", true, "'I'"},
		{"1:/abc/i s", "flags", true, "'\\x20'"},
		{"1:/abc/\x1b[31m", "flags", true, "'\\x1b'"},
		{"1:/a/b", "flags", true, "'b'"},
		{"1:/2&3/Ci", "flags", true, "no flags but H and Q"},
		{"1:/2&3/CV", "flags", true, "no flags but H and Q"},
		{"1:/abc/{", "extension", true, "'}'"},
		{"1:/abc/{}", "extension", true, "name=number"},
		{"1:/abc/{min_offset=1", "extension", true, "'}'"},
		{"1:/abc/{min_offset=1}i", "extension", true, "'}'"},
		{"1:/abc/{min_offset}", "extension", true, "name=number"},
		{"1:/abc/{min_offset=}", "extension", true, "not a number"},
		{"1:/abc/{min_offset=-1}", "extension", true, "'-1'"},
		{"1:/abc/{min_offset=1x}", "extension", true, "'1x'"},
		{"1:/abc/{min_offset=1,}", "extension", true, "name=number"},
		{"1:/abc/{,min_offset=1}", "extension", true, "name=number"},
		{"1:/abc/{offset=1}", "extension", true, "min_offset max_offset"},
		{"1:/abc/{min_offset=1,min_offset=2}", "extension", true, "twice"},
		{"1:/abc/{min_offset=18446744073709551616}", "extension", true, "over"},
		{"1:/abc/{edit_distance=4294967296}", "extension", true, "over"},
		{"1:/2&3/C{min_length=4}", "extension", true, "min_offset and max_offset"},
		{"1:/abc/C", "syntax", true, "combination"},
		{"1://C", "syntax", true, "combination"},
		{"1:/2/C", "syntax", true, "combination"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct hsbench_line l;
		cr_assert_eq(
			hsbench_read_line(&l, t[i].text, strlen(t[i].text)), -EINVAL, "%s",
			t[i].text
		);
		cr_assert_str_eq(l.group, t[i].group, "%s", t[i].text);
		cr_assert_eq(l.has_id, t[i].has_id, "%s", t[i].text);
		cr_assert_not_null(
			strstr(l.reason.text, t[i].says), "%s: %s", t[i].text, l.reason.text
		);
	}
}

Test(hsbench, nul_is_refused_wherever_it_stands) {
	struct hsbench_line l;
	cr_assert_eq(hsbench_read_line(&l, TEXT("1:/a\0b/")), -EINVAL);
	cr_assert_str_eq(l.group, "syntax");
	cr_assert_not_null(strstr(l.reason.text, "\\x00"));
	cr_assert_eq(hsbench_read_line(&l, TEXT("1\0:/ab/")), -EINVAL);
	cr_assert_str_eq(l.group, "syntax");
	cr_assert_eq(hsbench_read_line(&l, TEXT("1:\0/ab/")), -EINVAL);
	cr_assert_str_eq(l.group, "syntax");
	cr_assert_eq(hsbench_read_line(&l, TEXT("1:/ab/\0")), -EINVAL);
	cr_assert_str_eq(l.group, "flags");
	cr_assert_eq(hsbench_read_line(&l, TEXT("1:/ab/{min_offset=1\0}")), -EINVAL);
	cr_assert_str_eq(l.group, "extension");
	cr_assert_eq(hsbench_read_line(&l, TEXT("\0")), -EINVAL);
	cr_assert_str_eq(l.group, "syntax");
}

Test(hsbench, what_is_shown_of_a_bad_line_is_short_and_printable) {
	struct hsbench_line l;
	char text[5000];
	memset(text, 0x1b, sizeof(text));
	cr_assert_eq(hsbench_read_line(&l, text, sizeof(text)), -EINVAL);
	cr_assert_lt(strlen(l.reason.text), 100u);
	for (const char *p = l.reason.text; *p != '\0'; p++)
		cr_assert(*p >= ' ' && *p <= '~');
}

Test(hsbench, a_regex_is_as_long_as_hyperscan_takes_it_and_no_longer) {
	char *text = malloc(20000);
	struct hsbench_line l;
	for (unsigned len = HSBENCH_REGEX_MAX; len <= HSBENCH_REGEX_MAX + 1; len++) {
		memcpy(text, "1:/", 3);
		memset(text + 3, 'a', len);
		text[3 + len] = '/';
		int ret = hsbench_read_line(&l, text, len + 4);
		if (len == HSBENCH_REGEX_MAX) {
			cr_assert_eq(ret, 1);
			free(l.pattern.regex);
		} else {
			cr_assert_eq(ret, -EINVAL);
			cr_assert_str_eq(l.group, "too_large");
		}
	}
	free(text);
}
