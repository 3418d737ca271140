// lib/match/matcher_compile.c: what Hyperscan refuses is found, each with its reason, in bounded time.

#include "match/matcher_compile.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct fixture {
	struct ruleset *rs;
	struct compile_verdict *v;
	hs_database_t *db;
	struct err err;
};

static int compile(struct fixture *f, const char *text) {
	*f = (struct fixture){.rs = ruleset_new()};
	cr_assert_eq(ruleset_add_text(f->rs, "t.hs", text, strlen(text), &f->err), 0);
	f->v = calloc(f->rs->n_patterns + 1, sizeof(*f->v));
	return matcher_compile(f->rs, MATCHER_BLOCK, f->v, &f->db, &f->err);
}

static void drop(struct fixture *f) {
	compile_verdicts_free(f->v, f->rs->n_patterns);
	hs_free_database(f->db);
	ruleset_free(f->rs);
}

Test(matcher_compile, each_kind_of_refusal_has_its_group_and_hyperscans_words) {
	static const struct {
		const char *line;
		const char *group;
		const char *says;
	} t[] = {
		{"1:/a(?=b)/", "unsupported", "Zero-width assertions are not supported"},
		{"1:/(a)\\1/", "unsupported", "Back-references are unsupported"},
		{"1:/a++b/", "unsupported", "Possessive quantifiers are not supported"},
		{"1:/a*/", "compile", "(that is flag V)"},
		{"1://", "compile", "Pattern matches empty buffer"},
		{"1:/(a/", "compile", "Missing close parenthesis"},
		{"1:/a{40000}/", "too_large", "Bounded repeat is too large"},
		{"1:/a^b/", "unsupported", "Embedded start anchors not supported"},
		{"1:/a/HL", "flags", "HS_FLAG_SINGLEMATCH is not supported"},
		{"1:/a/QL", "flags", "HS_FLAG_QUIET is not supported"},
		{"1:/a/PL", "flags", "HS_FLAG_PREFILTER is not supported"},
		{"1:/a/{min_offset=2,max_offset=1}", "extension", "min_offset must be"},
		{"1:/abc/{edit_distance=1,hamming_distance=1}", "extension", "cannot have both"},
		{"1:/(a[^b]{500}c|d[^e]{600}f|x.{700})*yz/L", "too_large", "too large"},
		{"1:/\xff/8", "compile", "not valid UTF-8"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct fixture f;
		cr_assert_eq(compile(&f, t[i].line), 0, "%s", f.err.text);
		cr_assert_null(f.db);
		cr_assert_not_null(f.v[0].group, "%s is accepted", t[i].line);
		cr_assert_not_null(
			strstr(f.v[0].reason, t[i].says), "%s: %s", t[i].line, f.v[0].reason
		);
		cr_assert_str_eq(f.v[0].group, t[i].group, "%s: %s", t[i].line, f.v[0].reason);
		drop(&f);
	}
}

Test(matcher_compile, the_good_among_the_bad_are_kept) {
	struct fixture f;
	cr_assert_eq(
		compile(&f, "1:/(/\n2:/good/\n3:/a*/\n4:/fine/\n5:/\\1(a)/\n6:/last/\n7:/[/\n"), 0
	);
	cr_assert_not_null(f.db);
	for (unsigned i = 0; i < 7; i++)
		cr_assert_eq(f.v[i].group == NULL, i % 2 == 1, "%u", i);
	drop(&f);
}

Test(matcher_compile, a_combination_falls_with_its_part) {
	struct fixture f;
	cr_assert_eq(
		compile(&f,
			"1:/good/Q\n2:/(/Q\n3:/1 & 2/C\n4:/1 | 1/C\n5:/1 & 6/C\n6:/a*b/{min_"
			"offset=4,max_offset=1}\n"),
		0
	);
	cr_assert_null(f.v[0].group);
	cr_assert_not_null(f.v[1].group);
	cr_assert_str_eq(f.v[2].group, "combination");
	cr_assert_not_null(strstr(f.v[2].reason, "id 2 (line 2) was refused"));
	cr_assert_null(f.v[3].group);
	cr_assert_str_eq(f.v[4].group, "combination");
	cr_assert_not_null(f.db);
	drop(&f);
}

Test(matcher_compile, parts_that_report_out_of_order_are_not_combined) {
	struct fixture f;
	cr_assert_eq(compile(&f, "1:/abc$/Q\n2:/xyz/Q\n3:/1 & 2/C\n4:/2|2/C\n5:/1|2/CQ\n"), 0);
	cr_assert_null(f.v[0].group);
	cr_assert_str_eq(f.v[2].group, "combination");
	cr_assert_not_null(strstr(f.v[2].reason, "id 1"));
	cr_assert_null(f.v[3].group);
	cr_assert_not_null(f.v[4].group);
	cr_assert_not_null(f.db);
	drop(&f);
}

Test(matcher_compile, thousands_of_bad_patterns_take_time_for_one_more_look, .timeout = 60) {
	static const char *const bad[] = {"(?=x)a", "(a", "a*", "\\1(b)", "[z-a]", "x{5,2}"};
	char *text = NULL;
	size_t len = 0;
	struct fixture f;
	FILE *out = open_memstream(&text, &len);
	for (unsigned i = 0; i < 20000; i++) {
		if (i % 10 == 3)
			fprintf(out, "%u:/%s/\n", i, bad[i / 10 % COUNT(bad)]);
		else
			fprintf(out, "%u:/p%08x/\n", i, i * 2654435761u);
	}
	fclose(out);
	cr_assert_eq(compile(&f, text), 0, "%s", f.err.text);
	for (unsigned i = 0; i < 20000; i++)
		cr_assert_eq(f.v[i].group != NULL, i % 10 == 3, "%u", i);
	drop(&f);
	free(text);
}

Test(matcher_compile, deep_nesting_compiles_in_a_megabyte_of_stack, .timeout = 60) {
	enum {
		DEPTH = 7990
	};
	static char text[2 * DEPTH + 20];
	struct fixture f;
	memcpy(text, "1:/", 3);
	memset(text + 3, '(', DEPTH);
	text[3 + DEPTH] = 'a';
	memset(text + 4 + DEPTH, ')', DEPTH);
	memcpy(text + 4 + 2 * DEPTH, "/", 2);
	cr_assert_eq(compile(&f, text), 0);
	cr_assert_not_null(f.db);
	drop(&f);
}

// Stands for a build that runs out of some resource, which Hyperscan reports without a name.
static void *small_only(size_t size) {
	return size < 40000 ? malloc(size) : NULL;
}

Test(matcher_compile, a_pattern_that_cannot_be_built_is_found_without_being_named, .timeout = 60) {
	// A database of some 60 KB, between others of a few.
	char *text = NULL;
	size_t len = 0;
	struct fixture f;
	FILE *out = open_memstream(&text, &len);
	for (unsigned i = 0; i < 20; i++)
		fprintf(out, "%u:/plain%u/\n", i, i);
	fprintf(out, "20:/");
	for (unsigned i = 0; i < 400; i++)
		fprintf(out, "%sa%u", i > 0 ? "|" : "", i);
	fprintf(out, "/\n21:/more/\n22:/20|21/C\n");
	fclose(out);
	hs_set_database_allocator(small_only, free);
	cr_assert_eq(compile(&f, text), 0, "%s", f.err.text);
	for (unsigned i = 0; i < 22; i++)
		cr_assert_eq(f.v[i].group != NULL, i == 20, "%u: %s", i, f.v[i].reason);
	cr_assert_str_eq(f.v[22].group, "combination");
	cr_assert_not_null(f.db);
	drop(&f);
	free(text);
}

Test(matcher_compile, patterns_that_fail_only_together_are_an_error, .timeout = 60) {
	char *text = NULL;
	size_t len = 0;
	struct fixture f;
	FILE *out = open_memstream(&text, &len);
	for (unsigned i = 0; i < 3000; i++)
		fprintf(out, "%u:/p%08x/\n", i, i * 2654435761u);
	fclose(out);
	hs_set_database_allocator(small_only, free);
	cr_assert_eq(compile(&f, text), -E2BIG);
	cr_assert_not_null(strstr(f.err.text, "3000 patterns cannot be compiled together"));
	cr_assert_null(f.db);
	drop(&f);
	free(text);
}

Test(matcher_compile, streams_are_compiled_for_too) {
	struct fixture f;
	size_t octets;
	cr_assert_eq(compile(&f, "1:/abc/\n"), 0);
	cr_expect_eq(hs_stream_size(f.db, &octets), HS_DB_MODE_ERROR);
	hs_free_database(f.db);
	cr_assert_eq(matcher_compile(f.rs, MATCHER_STREAM, f.v, &f.db, &f.err), 0);
	cr_expect_eq(hs_stream_size(f.db, &octets), HS_SUCCESS);
	drop(&f);
	// Where matches begin is known of streams, too.
	cr_assert_eq(compile(&f, "1:/(/\n2:/a.*bc/L\n"), 0);
	hs_free_database(f.db);
	compile_verdicts_free(f.v, f.rs->n_patterns);
	f.v = calloc(f.rs->n_patterns, sizeof(*f.v));
	cr_assert_eq(matcher_compile(f.rs, MATCHER_STREAM, f.v, &f.db, &f.err), 0);
	cr_expect_not_null(f.v[0].group);
	cr_expect_null(f.v[1].group, "%s", f.v[1].reason);
	drop(&f);
}
