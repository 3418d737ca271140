// lib/match/snort/snort_bytes.c: numbers out of the payload, and how much of it there is.

#include "test_snort_rig.h"

static const struct snort_test *only_test(const struct snort_rules *rs) {
	cr_assert_eq(rs->rules[0].n_tests, 1u);
	return &rs->rules[0].tests[0];
}

static void assert_byte(const char *options, enum snort_test_kind kind, struct snort_byte b) {
	struct snort_rules rs = accept_options(options);
	const struct snort_test *t = only_test(&rs);
	cr_expect_eq(t->kind, kind, "%s", options);
	cr_expect_eq(t->byte.octets, b.octets, "%s", options);
	cr_expect_eq(t->byte.offset, b.offset, "%s", options);
	cr_expect_eq(t->byte.flags, b.flags, "%s", options);
	cr_expect_eq(t->byte.base, b.base, "%s", options);
	cr_expect_eq(t->byte.mask, b.mask, "%s", options);
	cr_expect_eq(t->byte.op, b.op, "%s", options);
	cr_expect_eq(t->byte.value, b.value, "%s", options);
	cr_expect_eq(t->byte.multiplier, b.multiplier == 0 ? 1 : b.multiplier, "%s", options);
	cr_expect_eq(t->byte.post_offset, b.post_offset, "%s", options);
	snort_rules_fini(&rs);
}

Test(snort_bytes, byte_tests_compare_a_number) {
	static const struct {
		const char *options;
		struct snort_byte byte;
	} t[] = {
		{"byte_test:1,!&,0xF8,2;",
		 {.octets = 1,
		  .op = SNORT_BYTE_AND,
		  .value = 0xf8,
		  .offset = 2,
		  .flags = SNORT_BYTE_NEGATED}},
		{"byte_test:4,>,1000,-6, relative , little;",
		 {.octets = 4,
		  .op = SNORT_BYTE_GREATER,
		  .value = 1000,
		  .offset = -6,
		  .flags = SNORT_BYTE_RELATIVE | SNORT_BYTE_LITTLE}},
		{"byte_test:8,>=,18446744073709551615,0,big;",
		 {.octets = 8, .op = SNORT_BYTE_GREATER_EQUAL, .value = UINT64_MAX}},
		{"byte_test: 2 , < , 5 , 0 ;", {.octets = 2, .op = SNORT_BYTE_LESS, .value = 5}},
		{"byte_test:2,<=,5,0;", {.octets = 2, .op = SNORT_BYTE_LESS_EQUAL, .value = 5}},
		{"byte_test:2,=,5,0;", {.octets = 2, .op = SNORT_BYTE_EQUAL, .value = 5}},
		{"byte_test:2,!=,5,0;",
		 {.octets = 2, .op = SNORT_BYTE_EQUAL, .value = 5, .flags = SNORT_BYTE_NEGATED}},
		{"byte_test:2,!,5,0;",
		 {.octets = 2, .op = SNORT_BYTE_EQUAL, .value = 5, .flags = SNORT_BYTE_NEGATED}},
		{"byte_test:2,^,5,0;", {.octets = 2, .op = SNORT_BYTE_XOR, .value = 5}},
		{"byte_test:0,>=,82642,0,string,dec;",
		 {.octets = 0,
		  .op = SNORT_BYTE_GREATER_EQUAL,
		  .value = 82642,
		  .base = 10,
		  .flags = SNORT_BYTE_STRING}},
		{"byte_test:10,=,7,0,string;",
		 {.octets = 10,
		  .op = SNORT_BYTE_EQUAL,
		  .value = 7,
		  .base = 10,
		  .flags = SNORT_BYTE_STRING}},
		{"byte_test:4,=,7,0,string,hex,relative;",
		 {.octets = 4,
		  .op = SNORT_BYTE_EQUAL,
		  .value = 7,
		  .base = 16,
		  .flags = SNORT_BYTE_STRING | SNORT_BYTE_RELATIVE}},
		{"byte_test:2,=,0x568,0,bitmask 0x3FF0;",
		 {.octets = 2, .op = SNORT_BYTE_EQUAL, .value = 0x568, .mask = 0x3ff0}},
	};
	for (unsigned i = 0; i < COUNT(t); i++)
		assert_byte(t[i].options, SNORT_TEST_BYTE_TEST, t[i].byte);
}

Test(snort_bytes, byte_jumps_move) {
	static const struct {
		const char *options;
		struct snort_byte byte;
	} t[] = {
		{"byte_jump:4,4,relative,align;",
		 {.octets = 4, .offset = 4, .flags = SNORT_BYTE_RELATIVE | SNORT_BYTE_ALIGN}},
		{"byte_jump:1,0,relative,post_offset -4;",
		 {.octets = 1, .post_offset = -4, .flags = SNORT_BYTE_RELATIVE}},
		{"byte_jump:0,0,relative,post_offset -13;",
		 {.octets = 0, .post_offset = -13, .flags = SNORT_BYTE_RELATIVE}},
		{"byte_jump:2,8,little,from_beginning;",
		 {.octets = 2,
		  .offset = 8,
		  .flags = SNORT_BYTE_LITTLE | SNORT_BYTE_FROM_BEGINNING}},
		{"byte_jump:0,0, from_end, post_offset -8;",
		 {.octets = 0, .post_offset = -8, .flags = SNORT_BYTE_FROM_END}},
		{"byte_jump:2,0,multiplier 3,string,oct,bitmask 0x0f;",
		 {.octets = 2, .multiplier = 3, .flags = SNORT_BYTE_STRING, .base = 8, .mask = 15}},
	};
	for (unsigned i = 0; i < COUNT(t); i++)
		assert_byte(t[i].options, SNORT_TEST_BYTE_JUMP, t[i].byte);
}

Test(snort_bytes, bad_ones_are_refused) {
	static const struct {
		const char *options, *says;
	} t[] = {
		{"byte_test:1,>,1;", "octets,operator,value,offset"},
		{"byte_test:0,>,1,0;", "0 octets"},
		{"byte_test:9,>,1,0;", "9 octets"},
		{"byte_test:24,>,1,0,string;", "'24'"},
		{"byte_test:1,>,1,0,hex;", "without string"},
		{"byte_test:1,~,1,0;", "'~'"},
		{"byte_test:1,,1,0;", "''"},
		{"byte_test:1,>,-1,0;", "'-1'"},
		{"byte_test:1,>,18446744073709551616,0;", "byte_test"},
		{"byte_test:1,>,1,65536;", "'65536'"},
		{"byte_test:1,>,1,0,align;", "'align'"},
		{"byte_test:1,>,1,0,bitmask;", "'bitmask'"},
		{"byte_test:1,>,1,0,bitmask 0;", "'bitmask 0'"},
		{"byte_test:1,>,1,0,;", "''"},
		{"byte_jump:1;", "octets,offset"},
		{"byte_jump:9,0;", "9 octets"},
		{"byte_jump:1,0,multiplier 0;", "'0'"},
		{"byte_jump:1,0,from_end,from_beginning;", "one of from_beginning"},
		{"byte_jump:1,0,sideways;", "'sideways'"},
		{"isdataat:65536;", "'65536'"},
		{"isdataat:-1;", "'-1'"},
		{"isdataat:1,absolute;", "'absolute'"},
		{"isdataat:,relative;", "''"},
	};
	for (unsigned i = 0; i < COUNT(t); i++)
		assert_options_refused(t[i].options, "bad option", t[i].says);
}

Test(snort_bytes, isdataat_asks_for_more) {
	static const struct {
		const char *options;
		struct snort_isdataat isdataat;
	} t[] = {
		{"isdataat:512;", {.offset = 512}},
		{"isdataat:!8 , relative;", {.offset = 8, .negated = true, .relative = true}},
		{"isdataat:0,relative,rawbytes;", {.relative = true}},
		{"isdataat:! 65535,rawbytes;", {.offset = 65535, .negated = true}},
		{"isdataat:!1,relative;", {.offset = 1, .negated = true, .relative = true}},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct snort_rules rs = accept_options(t[i].options);
		const struct snort_test *test = only_test(&rs);
		cr_expect_eq(test->kind, SNORT_TEST_ISDATAAT);
		cr_expect_eq(test->isdataat.offset, t[i].isdataat.offset, "%s", t[i].options);
		cr_expect_eq(test->isdataat.negated, t[i].isdataat.negated, "%s", t[i].options);
		cr_expect_eq(test->isdataat.relative, t[i].isdataat.relative, "%s", t[i].options);
		snort_rules_fini(&rs);
	}
}
