// What a rule asks of the payload, one test after the other as they stand in the rule. A test that is
// `relative` counts from where the latest content, pcre or byte_jump ahead of it ended; where there is
// none, from the start. Of several places where that one fits, any that lets all further tests hold
// will do (a verifier has to try them).
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum snort_content_flag {
	SNORT_NEGATED = 1 << 0, // must not be found in the range
	SNORT_NOCASE = 1 << 1, // ASCII letters only
	SNORT_STARTSWITH = 1 << 2, // offset 0, depth len; both are set too
	SNORT_ENDSWITH = 1 << 3, // nothing follows; isdataat:!1,relative behind it says the same
	SNORT_OFFSET = 1 << 4, // given
	SNORT_DEPTH = 1 << 5, // given
	SNORT_DISTANCE = 1 << 6, // given: relative
	SNORT_WITHIN = 1 << 7, // given: relative
	SNORT_FAST_PATTERN = 1 << 8, // a hint: search for this one first
	SNORT_FAST_PATTERN_ONLY = 1 << 9, // has no place: neither tests nor is it relative
};

// Octets found where: from `offset` on and, if SNORT_DEPTH, ending at most at offset + depth. When
// relative: from p + distance on (not below 0) and, if SNORT_WITHIN, ending at most at p + distance +
// within, p being what it is relative to. A content has either kind of place or none, never both.
struct snort_content {
	const uint8_t *octets;
	uint32_t len; // 1..SNORT_CONTENT_MAX
	uint32_t flags; // enum snort_content_flag
	uint32_t offset, depth;
	int32_t distance;
	uint32_t within;
	uint32_t fast_at,
		fast_len; // the part of the octets to search for first; the whole by default
};

#define SNORT_CONTENT_MAX 8192
// Of offset, depth, distance (either sign) and within.
#define SNORT_PLACE_MAX (1 << 20)

enum snort_pcre_flag {
	SNORT_PCRE_NEGATED = 1 << 0,
	SNORT_PCRE_CASELESS = 1 << 1, // i
	SNORT_PCRE_DOTALL = 1 << 2, // s
	SNORT_PCRE_MULTILINE = 1 << 3, // m
	SNORT_PCRE_EXTENDED = 1 << 4, // x
	SNORT_PCRE_ANCHORED = 1 << 5, // A
	SNORT_PCRE_DOLLAR_ENDONLY = 1 << 6, // E
	SNORT_PCRE_UNGREEDY = 1 << 7, // G
	SNORT_PCRE_RELATIVE = 1 << 8, // R: the subject begins where the last match ended
};

struct snort_pcre {
	const char *regex; // NUL-terminated, as between the slashes; no NUL in it
	uint32_t len; // up to SNORT_PCRE_MAX
	uint32_t flags; // enum snort_pcre_flag
};

// What Hyperscan takes.
#define SNORT_PCRE_MAX 16000

// Holds, before negation, when there are more than `offset` octets; relative: when at least `offset`
// octets follow.
struct snort_isdataat {
	uint32_t offset; // up to 65535
	bool negated, relative;
};

enum snort_byte_flag {
	SNORT_BYTE_RELATIVE = 1 << 0,
	SNORT_BYTE_LITTLE = 1 << 1, // else big endian
	SNORT_BYTE_STRING = 1 << 2, // digits in text, to `base`
	SNORT_BYTE_NEGATED = 1 << 3, // byte_test: the comparison must not hold
	SNORT_BYTE_ALIGN = 1 << 4, // byte_jump: rounds the number up to a multiple of 4
	SNORT_BYTE_FROM_BEGINNING = 1 << 5, // byte_jump: from the payload's start
	SNORT_BYTE_FROM_END = 1 << 6, // byte_jump: from the payload's end
};

enum snort_byte_op {
	SNORT_BYTE_LESS,
	SNORT_BYTE_LESS_EQUAL,
	SNORT_BYTE_EQUAL,
	SNORT_BYTE_GREATER_EQUAL,
	SNORT_BYTE_GREATER,
	SNORT_BYTE_AND, // number & value is not 0
	SNORT_BYTE_XOR, // number ^ value is not 0
};

// A number read from the payload at `offset`, masked and shifted right by the mask's trailing zeros
// where `mask` is not 0. A read that does not lie within the payload fails, negated or not.
struct snort_byte {
	uint32_t
		octets; // 1..8, with SNORT_BYTE_STRING 0..23 (0 in a test: as many digits as there are;
	// 0 in a jump, string or not: nothing is read, the number is 0)
	int32_t offset;
	uint32_t flags; // enum snort_byte_flag
	uint32_t base; // 8, 10 or 16; with SNORT_BYTE_STRING
	uint64_t mask;
	enum snort_byte_op op; // byte_test
	uint64_t value; // byte_test
	uint32_t multiplier; // byte_jump, at least 1: times the number, before it is aligned
	int32_t post_offset; // byte_jump: added to where it lands
};

enum snort_test_kind {
	SNORT_TEST_CONTENT,
	SNORT_TEST_PCRE,
	SNORT_TEST_ISDATAAT,
	SNORT_TEST_BYTE_TEST,
	SNORT_TEST_BYTE_JUMP,
};

struct snort_test {
	enum snort_test_kind kind;
	union {
		struct snort_content content;
		struct snort_pcre pcre;
		struct snort_isdataat isdataat;
		struct snort_byte byte; // both byte_test and byte_jump
	};
};
