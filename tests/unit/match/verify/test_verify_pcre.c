// lib/match/verify/verify_pcre.c: expressions, alone and in a chain, and the limits they work in.

#include "match/verify/verify.h"

#include "rule_one.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct verifier *verifier_of(const char *options) {
	struct snort_rules rs = {};
	struct err err = {};
	const struct snort_rule *rule = rule_one(&rs, options);
	cr_assert_not_null(rule, "%s: %s", options, rs.n_refusals > 0 ? rs.refusals[0].reason : "");
	struct verifier *v = verifier_new(rule, &err);
	cr_assert_not_null(v, "%s: %s", options, err.text);
	snort_rules_fini(&rs);
	return v;
}

Test(verify_pcre, expressions_and_their_modifiers) {
	static const struct {
		const char *options, *payload;
		bool holds;
	} t[] = {
		{"pcre:\"/a+b/\";", "xaab", true},
		{"pcre:\"/a+b/\";", "xaAb", false},
		{"pcre:\"/a+b/i\";", "xaAb", true},
		{"pcre:\"/a.b/\";", "a\nb", false},
		{"pcre:\"/a.b/s\";", "a\nb", true},
		{"pcre:\"/^b/\";", "a\nb", false},
		{"pcre:\"/^b/m\";", "a\nb", true},
		{"pcre:\"/a b # c/x\";", "ab", true},
		{"pcre:\"/a b/\";", "ab", false},
		{"pcre:\"/b/A\";", "ab", false},
		{"pcre:\"/a/A\";", "ab", true},
		{"pcre:\"/b$/\";", "ab\n", true},
		{"pcre:\"/b$/E\";", "ab\n", false},
		{"pcre:\"/b$/E\";", "ab", true},
		{"pcre:\"/(a+)(a*)$/G\"; content:\"b\"; distance:0;", "aab", false},
		{"pcre:\"/\\xe4/\";", "\xe4", true}, // octets, not characters
		{"pcre:\"/^.$/\";", "\xc3\xa4", false},
		{"pcre:!\"/a+b/\";", "xaab", false},
		{"pcre:!\"/a+b/\";", "xaa", true},
		{"pcre:\"/(a)\\1/\";", "xaa", true},
		{"pcre:\"/(?<=a)b/\";", "xab", true},
		{"pcre:\"/(?=b)(ab|b)/\";", "b", true},
		{"pcre:\"/(?<!a)b/\";", "xab", false},
		// what follows counts from the match's end
		{"pcre:\"/a+/\"; content:\"b\"; within:1;", "aab", true},
		{"pcre:\"/a+/\"; content:\"b\"; within:1;", "aaxb", false},
		// and any of the places that it matches from will do
		{"pcre:\"/a./\"; content:\"b\"; within:1;", "axxayb", true},
		{"pcre:\"/a.?/\"; content:\"b\"; within:1;", "aab", true},
		{"pcre:\"/a/A\"; content:\"b\"; within:1;", "axab", false},
		{"pcre:\"/a?/A\"; content:\"b\"; within:1;", "axab", false},
		{"pcre:\"/^a/\"; content:\"b\"; within:1;", "axab", false},
		{"pcre:\"/.*a/s\"; content:\"b\"; within:1;", "abxa", false}, // the greedy one
		{"pcre:\"/.*?a/s\"; content:\"b\"; within:1;", "axab", true},
		{"pcre:\"/a\\Kx/\"; content:\"b\"; within:1;", "axxaxb", true},
		{"pcre:\"/(?=a)/\"; content:\"ab\"; within:2;", "xaxab", true}, // an empty match
		{"pcre:\"/$/\"; isdataat:!1,relative;", "ab", true},
		// R: the subject begins where the last match ended
		{"content:\"a\"; pcre:\"/b/R\";", "ba", false},
		{"content:\"a\"; pcre:\"/b/R\";", "axb", true},
		{"content:\"a\"; pcre:\"/^b/R\";", "axb", false},
		{"content:\"a\"; pcre:\"/^b/R\";", "axab", true},
		{"content:\"a\"; pcre:\"/b/RA\";", "axab", true},
		{"content:\"a\"; pcre:\"/b/RA\";", "axb", false},
		{"content:\"a\"; pcre:\"/(?<=a)b/R\";", "ab", false}, // what is ahead is not seen
		{"content:\"a\"; pcre:\"/\\bb/R\";", "ab", true},
		{"content:\"a\"; pcre:\"/^$/R\";", "ba", true},
		{"content:\"a\"; pcre:\"/^[^x]/R\";", "axab", true},
		{"content:\"a\"; pcre:\"/[^x]c/R\"; content:\"d\"; within:1;", "abcxabcd", true},
		{"content:\"a\"; pcre:\"/^b/R\"; content:\"c\"; within:1;", "abxabc", true},
		{"content:\"a\"; pcre:\"/^b/R\"; content:\"c\"; within:1;", "abxacb", false},
		{"content:\"a\"; pcre:!\"/^b/R\";", "abac", true},
		{"content:\"a\"; pcre:!\"/^b/R\";", "abab", false},
		{"content:\"a\"; pcre:!\"/^b/R\"; content:\"c\"; within:1;", "abac", true},
		{"content:\"a\"; pcre:!\"/^b/R\"; content:\"d\"; distance:1; within:1;", "abdac",
		 false},
		{"content:\"a\"; pcre:!\"/c/R\";", "acax", true},
		{"content:\"a\"; pcre:!\"/c/R\";", "acac", false},
		{"pcre:\"/^b/R\";", "ba", true}, // relative to nothing
	};
	struct verify_scratch *scratch = verify_scratch_new(4096);
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct verifier *v = verifier_of(t[i].options);
		bool holds = verifier_run(
			v, scratch, (const uint8_t *)t[i].payload, (uint32_t)strlen(t[i].payload)
		);
		cr_expect_eq(holds, t[i].holds, "%s on \"%s\"", t[i].options, t[i].payload);
		verifier_free(v);
	}
	cr_expect_eq(scratch->limited, 0u);
	verify_scratch_free(scratch);
}

static uint8_t *many(const char *what, uint32_t len) {
	uint8_t *octets = malloc(len);
	for (uint32_t i = 0; i < len; i++)
		octets[i] = (uint8_t)what[i % strlen(what)];
	return octets;
}

Test(verify_pcre, what_takes_too_long_does_not_hold_and_is_counted, .timeout = 120) {
	static const struct {
		const char *options, *payload;
	} t[] = {
		{"pcre:\"/(a+)+$/E\"; content:\"x\"; endswith;",
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax"},
		{"pcre:\"/(x+x+)+[yz]/\";", "x"},
		{"pcre:!\"/(x+x+)+[yz]/\";", "x"},
		{"pcre:\"/(.*)(.*)(.*)(.*)(.*)[yz]/s\";", "x"},
		{"content:\"x\"; pcre:\"/^(x+x+)+[yz]/R\";", "x"},
		{"content:\"x\"; depth:1; pcre:!\"/^(x+x+)+[yz]/R\";", "x"},
		// each try is quick, but there are as many tries as pairs of places
		{"content:\"x\"; pcre:\"/(?<=x)y/R\"; content:\"z\"; within:1;", "xy"},
	};
	static const uint32_t lens[] = {1460, 65507};
	struct verify_scratch *scratch = verify_scratch_new(65507);
	for (unsigned i = 0; i < COUNT(t) * COUNT(lens); i++) {
		uint32_t len = lens[i % COUNT(lens)];
		struct verifier *v = verifier_of(t[i / COUNT(lens)].options);
		uint8_t *payload = many(t[i / COUNT(lens)].payload, len);
		uint64_t before = scratch->limited;
		cr_expect_not(verifier_run(v, scratch, payload, len));
		cr_expect_eq(scratch->limited, before + 1, "%s", t[i / COUNT(lens)].options);
		free(payload);
		verifier_free(v);
	}
	verify_scratch_free(scratch);
}

Test(verify_pcre, a_limit_met_once_is_not_met_by_the_next_payload) {
	struct verify_scratch *scratch = verify_scratch_new(65507);
	struct verifier *v = verifier_of("pcre:\"/(x+x+)+[yz]/\";");
	uint8_t *payload = many("x", 1460);
	cr_assert_not(verifier_run(v, scratch, payload, 1460));
	cr_assert_eq(scratch->limited, 1u);
	cr_assert(verifier_run(v, scratch, (const uint8_t *)"xxy", 3));
	cr_assert_eq(scratch->limited, 1u);
	free(payload);
	verifier_free(v);
	verify_scratch_free(scratch);
}

Test(verify_pcre, ordinary_expressions_meet_no_limit_on_a_whole_datagram) {
	static const char *const t[] = {
		"pcre:\"/y[a-z]{3,200}z/\";",
		"pcre:!\"/x[^x]*y/\"; pcre:!\"/xx+y/i\"; pcre:!\"/[0-9]{4}-/\"; pcre:\"/aa$/\";",
		"content:\"x\"; pcre:\"/[^x]y/R\";",
		"content:\"x\"; pcre:\"/^yy/R\";",
	};
	struct verify_scratch *scratch = verify_scratch_new(65507);
	uint8_t *payload = many("xaaaaaaa", 65507);
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct verifier *v = verifier_of(t[i]);
		cr_expect_eq(verifier_run(v, scratch, payload, 65507), i == 1, "%s", t[i]);
		cr_expect_eq(scratch->limited, 0u, "%s", t[i]);
		verifier_free(v);
	}
	free(payload);
	verify_scratch_free(scratch);
}
