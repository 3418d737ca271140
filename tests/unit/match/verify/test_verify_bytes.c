// lib/match/verify/verify_bytes.c: byte_test and byte_jump.

#include "match/verify/verify.h"

#include "verify_facts.h"

#include <criterion/criterion.h>

#define P(s) s, sizeof(s) - 1

Test(verify_bytes, numbers_are_read_in_either_order) {
	static const struct fact t[] = {
		{"byte_test:1,=,1,0;", P("\x01\x02\x03\x04"), true},
		{"byte_test:2,=,258,0;", P("\x01\x02\x03\x04"), true},
		{"byte_test:2,=,513,0,little;", P("\x01\x02\x03\x04"), true},
		{"byte_test:2,=,258,0,little;", P("\x01\x02\x03\x04"), false},
		{"byte_test:3,=,0x020304,1;", P("\x01\x02\x03\x04"), true},
		{"byte_test:4,=,0x01020304,0,big;", P("\x01\x02\x03\x04"), true},
		{"byte_test:8,=,0xffffffffffffffff,0;", P("\xff\xff\xff\xff\xff\xff\xff\xff"),
		 true},
		{"byte_test:4,>,0x7fffffff,0;", P("\x80\0\0\0"), true}, // no sign
	};
	CHECK_FACTS(t);
}

Test(verify_bytes, comparisons) {
	static const struct fact t[] = {
		{"byte_test:1,<,5,0;", P("\x04"), true},
		{"byte_test:1,<,5,0;", P("\x05"), false},
		{"byte_test:1,<=,5,0;", P("\x05"), true},
		{"byte_test:1,<=,5,0;", P("\x06"), false},
		{"byte_test:1,>,5,0;", P("\x06"), true},
		{"byte_test:1,>,5,0;", P("\x05"), false},
		{"byte_test:1,>=,5,0;", P("\x05"), true},
		{"byte_test:1,>=,5,0;", P("\x04"), false},
		{"byte_test:1,&,4,0;", P("\x05"), true},
		{"byte_test:1,&,4,0;", P("\x03"), false},
		{"byte_test:1,^,5,0;", P("\x05"), false},
		{"byte_test:1,^,5,0;", P("\x04"), true},
		{"byte_test:1,!=,5,0;", P("\x05"), false},
		{"byte_test:1,!=,5,0;", P("\x06"), true},
		{"byte_test:1,!>,5,0;", P("\x05"), true},
		{"byte_test:1,!&,4,0;", P("\x03"), true},
		{"byte_test:1,!&,4,0;", P("\x04"), false},
		{"byte_test:2,=,0x12,0,bitmask 0xff0;", P("\x01\x20"), true},
		{"byte_test:2,=,0x120,0,bitmask 0xff0;", P("\x01\x20"), false},
	};
	CHECK_FACTS(t);
}

Test(verify_bytes, what_does_not_lie_in_the_payload_fails) {
	static const struct fact t[] = {
		{"byte_test:2,=,0,3;", P("\0\0\0\0"), false},
		{"byte_test:2,=,0,2;", P("\0\0\0\0"), true},
		{"byte_test:2,!=,1,3;", P("\0\0\0\0"), false}, // negated or not
		{"byte_test:1,=,0,9;", P("\0\0\0\0"), false},
		{"content:\"a\"; byte_test:1,=,0,-2,relative;", P("a\0\0\0"), false},
		{"content:\"a\"; byte_test:1,=,0,-2,relative;", P("\0a\0\0"), true},
		{"content:\"a\"; byte_test:1,=,0,0,relative;", P("\0\0a"), false},
		{"content:\"a\"; byte_test:1,=,0,0,relative;", P("\0a\0"), true},
		{"content:\"a\"; byte_test:1,=,98,1,relative;", P("axb"), true},
		{"content:\"a\"; byte_test:1,=,97,0;", P("axb"), true},
		{"content:\"b\"; byte_test:1,=,98,0;", P("axb"), false}, // from the start
	};
	CHECK_FACTS(t);
}

Test(verify_bytes, digits_are_read_in_their_base) {
	static const struct fact t[] = {
		{"byte_test:3,=,123,0,string,dec;", P("123"), true},
		{"byte_test:2,=,12,0,string,dec;", P("123"), true},
		{"byte_test:3,=,12,0,string,dec;", P("12x"), true}, // up to the first that is none
		{"byte_test:3,=,0x123,0,string,hex;", P("123"), true},
		{"byte_test:2,=,0xfe,0,string,hex;", P("fE"), true},
		{"byte_test:4,=,0xfe,0,string,hex;", P("0xfe"), true},
		{"byte_test:3,=,0,0,string,hex;", P("0xg"), true},
		{"byte_test:3,=,83,0,string,oct;", P("123"), true},
		{"byte_test:3,=,1,0,string,oct;", P("189"), true},
		{"byte_test:3,=,0,0,string,dec;", P("abc"), false}, // no number at all
		{"byte_test:3,!=,5,0,string,dec;", P("abc"), false},
		{"byte_test:4,=,12,0,string,dec;", P(" \t12"), true},
		{"byte_test:3,=,12,0,string,dec;", P("+12"), true},
		{"byte_test:2,=,0xffffffffffffffff,0,string,dec;", P("-1"), true},
		{"byte_test:20,=,0xffffffffffffffff,0,string,dec;", P("18446744073709551615"),
		 true},
		{"byte_test:20,>,1,0,string,dec;", P("18446744073709551616"), false}, // too large
		{"byte_test:0,=,12345,1,string,dec;", P("x12345y"), true},
		{"byte_test:0,=,12345,1,string,dec;", P("x12345"), true},
		{"byte_test:5,=,1234,0,string,dec;", P("1234"), false}, // not all there
	};
	CHECK_FACTS(t);
}

Test(verify_bytes, jumps_move_what_follows) {
	static const struct fact t[] = {
		{"byte_jump:1,0; content:\"a\"; within:1;", P("\x02xxa"), true},
		{"byte_jump:1,0; content:\"a\"; within:1;", P("\x01xxa"), false},
		{"byte_jump:2,0,little; content:\"a\"; within:1;", P("\x02\0xxa"), true},
		{"byte_jump:1,0,multiplier 2; content:\"a\"; within:1;", P("\x01xxa"), true},
		{"byte_jump:1,0,align; content:\"a\"; within:1;", P("\x01xxxxa"), true},
		{"byte_jump:1,0,multiplier 5,align; content:\"a\"; within:1;", P("\x01-xxxxxxxa"),
		 true},
		{"byte_jump:1,0,align; content:\"a\"; within:1;", P("\x04xxxxa"), true},
		{"byte_jump:1,0,post_offset 1; content:\"a\"; within:1;", P("\x01xxa"), true},
		{"byte_jump:1,0,post_offset -1; content:\"a\"; within:1;", P("\x03xxa"), true},
		{"byte_jump:1,2,from_beginning; content:\"a\"; within:1;", P("-a\x01x"), true},
		{"byte_jump:1,0,from_end,post_offset -3; content:\"a\"; within:1;", P("\x01xxa-"),
		 true},
		{"content:\"x\"; byte_jump:1,0,relative; content:\"a\"; within:1;", P("-x\x01-a"),
		 true},
		{"content:\"x\"; byte_jump:1,1,relative; content:\"a\"; within:1;", P("-x-\x01-a"),
		 true},
		// digits: from behind those that were read
		{"byte_jump:3,0,string,dec; content:\"a\"; within:1;", P("002xxa"), true},
		{"byte_jump:3,0,string,dec; content:\"a\"; within:1;", P("2xxa"), true},
		{"byte_jump:1,0; byte_jump:1,0,relative; content:\"a\"; within:1;",
		 P("\x01x\x01xa"), true},
		{"byte_jump:1,0,bitmask 0xf0; content:\"a\"; within:1;", P("\x2fxxa"), true},
		// every place of what is ahead is tried
		{"content:\"x\"; byte_jump:1,0,relative; content:\"a\"; within:1;",
		 P("x\x01--x\x01-a"), true},
		{"content:\"x\"; byte_jump:1,0,relative; content:\"a\"; within:1;",
		 P("x\x01--x\x01a-"), false},
	};
	CHECK_FACTS(t);
}

Test(verify_bytes, a_jump_has_to_land_in_the_payload) {
	static const struct fact t[] = {
		{"byte_jump:1,0;", P("\x02xxa"), true},
		{"byte_jump:1,0;", P("\x03xxa"), false},
		{"byte_jump:4,0;", P("\xff\xff\xff\xffxxa"), false},
		{"byte_jump:1,0,from_beginning;", P("\x03xxa"), true},
		{"byte_jump:1,0,from_beginning;", P("\x04xxa"), false},
		{"byte_jump:1,9;", P("\x01xxa"), false},
		// ahead of the start: at the start
		{"byte_jump:1,0,post_offset -9; content:\"b\"; distance:1; within:1;",
		 P("\x01"
		   "bxa"),
		 true},
		{"content:\"a\"; byte_jump:1,0,relative;", P("xxa"), false},
	};
	CHECK_FACTS(t);
}
