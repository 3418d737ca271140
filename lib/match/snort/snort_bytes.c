// Reads byte_test, byte_jump and isdataat: fixed fields first, then words in any order.

#include "snort_bytes.h"

#include "snort_content.h"

#include <errno.h>
#include <string.h>

#define OCTETS_MAX 8
#define DIGITS_MAX 23
#define PLACE_MIN (-65535)
#define PLACE_MAX 65535

static int
refuse(struct snort_draft *d, const char *keyword, struct snort_text value, const char *accepted) {
	if (snort_content_is_variable(value))
		return snort_content_refuse_variable(d, keyword, value);
	return snort_draft_refuse_value(d, keyword, value, accepted);
}

static int read_octets(
	struct snort_draft *d, const char *keyword, struct snort_text value, struct snort_byte *b
) {
	uint64_t v;
	if (snort_text_read_uint(value, DIGITS_MAX, &v) < 0)
		return refuse(d, keyword, value, "a number of octets, 0 to 23");
	b->octets = (uint32_t)v;
	return 0;
}

static int
read_offset(struct snort_draft *d, const char *keyword, struct snort_text value, int32_t *offset) {
	int64_t v;
	if (snort_text_read_int(value, PLACE_MIN, PLACE_MAX, &v) < 0)
		return refuse(d, keyword, value, "an offset, -65535 to 65535");
	*offset = (int32_t)v;
	return 0;
}

static int read_operator(
	struct snort_draft *d, const char *keyword, struct snort_text value, struct snort_byte *b
) {
	static const struct {
		const char *sign;
		enum snort_byte_op op;
	} operators[] = {
		{"<", SNORT_BYTE_LESS},    {"<=", SNORT_BYTE_LESS_EQUAL},
		{"=", SNORT_BYTE_EQUAL},   {">=", SNORT_BYTE_GREATER_EQUAL},
		{">", SNORT_BYTE_GREATER}, {"&", SNORT_BYTE_AND},
		{"^", SNORT_BYTE_XOR},     {"==", SNORT_BYTE_EQUAL},
		{"", SNORT_BYTE_EQUAL}, // a lone `!`
	};
	struct snort_text t = value;
	if (t.at < t.end && *t.at == '!') {
		b->flags |= SNORT_BYTE_NEGATED;
		t.at++;
		t = snort_text_trim(t);
	}
	for (unsigned i = 0; value.at < value.end && i < sizeof(operators) / sizeof(operators[0]);
	     i++) {
		if (snort_text_is(t, operators[i].sign)) {
			b->op = operators[i].op;
			return 0;
		}
	}
	return snort_draft_refuse_value(d, keyword, value, "< <= = >= > & ^, negated by !");
}

// What follows a word that takes a number: `bitmask 0xff`. False when it is another word.
static bool argument_of(struct snort_text word, const char *name, struct snort_text *argument) {
	struct snort_text first;
	*argument = word;
	return snort_text_next_word(argument, &first) && snort_text_is(first, name);
}

// Words that both options take. Returns 1 when it was one of them, 0, or -EINVAL.
static int read_common_word(
	struct snort_draft *d, const char *keyword, struct snort_text word, struct snort_byte *b
) {
	static const struct {
		const char *word;
		uint32_t flag, base;
	} words[] = {
		{"relative", SNORT_BYTE_RELATIVE, 0},
		{"big", 0, 0},
		{"little", SNORT_BYTE_LITTLE, 0},
		{"string", SNORT_BYTE_STRING, 0},
		{"hex", 0, 16},
		{"dec", 0, 10},
		{"oct", 0, 8},
	};
	struct snort_text mask;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!snort_text_is(word, words[i].word))
			continue;
		b->flags |= words[i].flag;
		if (words[i].base != 0)
			b->base = words[i].base;
		return 1;
	}
	if (snort_text_is(word, "dce"))
		return snort_refuse(
			d->fault, "byte order dce",
			"%s: dce: byte order as DCE/RPC says is not supported", keyword
		);
	if (!argument_of(word, "bitmask", &mask))
		return 0;
	if (snort_text_read_uint(mask, UINT64_MAX, &b->mask) < 0 || b->mask == 0)
		return snort_draft_refuse_value(d, keyword, word, "bitmask 0xff");
	return 1;
}

// What words said together.
static int check(struct snort_draft *d, const char *keyword, struct snort_byte *b, bool jump) {
	bool string = (b->flags & SNORT_BYTE_STRING) != 0;
	if (!string && (b->octets > OCTETS_MAX || (b->octets == 0 && !jump)))
		return snort_refuse(
			d->fault, SNORT_BAD_OPTION,
			"%s: %u octets (accepted: 1 to 8, more with string)", keyword, b->octets
		);
	if (!string && b->base != 0)
		return snort_refuse(
			d->fault, SNORT_BAD_OPTION, "%s: hex, dec or oct without string", keyword
		);
	if (string && b->base == 0)
		b->base = 10;
	return 0;
}

int snort_bytes_byte_test(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_text rest = value, field[4] = {}, word;
	struct snort_byte b = {.multiplier = 1};
	for (unsigned i = 0; i < 4; i++) {
		if (!snort_text_next(&rest, ',', &field[i]))
			return snort_draft_refuse_value(
				d, keyword, value, "octets,operator,value,offset"
			);
	}
	int ret = read_octets(d, keyword, field[0], &b);
	if (ret == 0)
		ret = read_operator(d, keyword, field[1], &b);
	if (ret == 0 && snort_text_read_uint(field[2], UINT64_MAX, &b.value) < 0)
		ret = refuse(d, keyword, field[2], "a number to compare with");
	if (ret == 0)
		ret = read_offset(d, keyword, field[3], &b.offset);
	while (ret >= 0 && snort_text_next(&rest, ',', &word)) {
		ret = read_common_word(d, keyword, word, &b);
		if (ret == 0)
			ret = snort_draft_refuse_value(
				d, keyword, word,
				"relative, big, little, string, hex, dec, oct, bitmask"
			);
	}
	if (ret >= 0)
		ret = check(d, keyword, &b, false);
	struct snort_test *test = ret < 0 ? NULL : snort_draft_add_test(d, SNORT_TEST_BYTE_TEST);
	if (test == NULL)
		return -EINVAL;
	test->byte = b;
	return 0;
}

// Words that byte_jump alone takes. Returns 0 or -EINVAL.
static int read_jump_word(
	struct snort_draft *d, const char *keyword, struct snort_text word, struct snort_byte *b
) {
	struct snort_text argument;
	uint64_t v;
	if (snort_text_is(word, "align")) {
		b->flags |= SNORT_BYTE_ALIGN;
	} else if (snort_text_is(word, "from_beginning")) {
		b->flags |= SNORT_BYTE_FROM_BEGINNING;
	} else if (snort_text_is(word, "from_end")) {
		b->flags |= SNORT_BYTE_FROM_END;
	} else if (argument_of(word, "multiplier", &argument)) {
		if (snort_text_read_uint(argument, UINT16_MAX, &v) < 0 || v == 0)
			return refuse(d, keyword, argument, "a multiplier, 1 to 65535");
		b->multiplier = (uint32_t)v;
	} else if (argument_of(word, "post_offset", &argument)) {
		return read_offset(d, keyword, argument, &b->post_offset);
	} else {
		return snort_draft_refuse_value(
			d, keyword, word,
			"relative, big, little, string, hex, dec, oct, bitmask, align, multiplier,"
			" from_beginning, from_end, post_offset"
		);
	}
	return 0;
}

int snort_bytes_byte_jump(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_text rest = value, octets, offset, word;
	struct snort_byte b = {.multiplier = 1};
	if (!snort_text_next(&rest, ',', &octets) || !snort_text_next(&rest, ',', &offset))
		return snort_draft_refuse_value(d, keyword, value, "octets,offset");
	int ret = read_octets(d, keyword, octets, &b);
	if (ret == 0)
		ret = read_offset(d, keyword, offset, &b.offset);
	while (ret >= 0 && snort_text_next(&rest, ',', &word)) {
		ret = read_common_word(d, keyword, word, &b);
		if (ret == 0)
			ret = read_jump_word(d, keyword, word, &b);
	}
	const uint32_t both = SNORT_BYTE_FROM_BEGINNING | SNORT_BYTE_FROM_END;
	if (ret >= 0 && (b.flags & both) == both)
		ret = snort_draft_refuse_value(
			d, keyword, value, "one of from_beginning, from_end"
		);
	if (ret >= 0)
		ret = check(d, keyword, &b, true);
	struct snort_test *test = ret < 0 ? NULL : snort_draft_add_test(d, SNORT_TEST_BYTE_JUMP);
	if (test == NULL)
		return -EINVAL;
	test->byte = b;
	return 0;
}

// `isdataat:!1,relative` right behind a content is another way to say endswith.
static bool becomes_endswith(struct snort_draft *d, const struct snort_isdataat *i) {
	struct snort_test *last = d->rule.n_tests > 0 ? &d->tests[d->rule.n_tests - 1] : NULL;
	if (!i->negated || !i->relative || i->offset != 1 || last == NULL
	    || last->kind != SNORT_TEST_CONTENT || (last->content.flags & SNORT_NEGATED))
		return false;
	last->content.flags |= SNORT_ENDSWITH;
	return true;
}

int snort_bytes_isdataat(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_text rest = value, number = {}, word;
	struct snort_isdataat i = {};
	uint64_t offset;
	snort_text_next(&rest, ',', &number);
	i.negated = number.at < number.end && *number.at == '!';
	if (i.negated)
		number.at++;
	number = snort_text_trim(number);
	if (snort_text_read_uint(number, UINT16_MAX, &offset) < 0)
		return refuse(d, keyword, number, "0 to 65535");
	i.offset = (uint32_t)offset;
	while (snort_text_next(&rest, ',', &word)) {
		if (snort_text_is(word, "relative"))
			i.relative = true;
		else if (!snort_text_is(word, "rawbytes"))
			return snort_draft_refuse_value(d, keyword, word, "relative, rawbytes");
	}
	if (becomes_endswith(d, &i))
		return 0;
	struct snort_test *test = snort_draft_add_test(d, SNORT_TEST_ISDATAAT);
	if (test == NULL)
		return -EINVAL;
	test->isdataat = i;
	return 0;
}
