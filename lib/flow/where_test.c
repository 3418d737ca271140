// A comparison becomes ranges of numbers, whatever it says: less than 80 is 0 to 79.

#include "where_test.h"

#include "flow/where_operand.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// Names longer than that are cut where they are told.
#define TOLD_MAX 64

static int told(const struct where_scan *s) {
	return s->n < TOLD_MAX ? (int)s->n : TOLD_MAX;
}

int where_refuse_at(struct where_reader *r, uint32_t column) {
	return err_wrap(r->err, -EINVAL, "column %u", column);
}

int where_refuse(struct where_reader *r, const char *accepted) {
	const struct where_scan *s = &r->scan;
	if (s->sign == WHERE_END)
		err_set(r->err, -EINVAL, "it ends too early (accepted: %s)", accepted);
	else if (s->sign == WHERE_OTHER && (*s->at < ' ' || *s->at > '~'))
		err_set(r->err, -EINVAL, "unexpected octet 0x%02x (accepted: %s)", (uint8_t)*s->at,
			accepted);
	else
		err_set(r->err, -EINVAL, "unexpected %.*s (accepted: %s)", told(s), s->at,
			accepted);
	return where_refuse_at(r, where_scan_column(s));
}

static int add_range(struct where_reader *r, struct where_range range) {
	// A power of two is full.
	if ((r->n_ranges & (r->n_ranges - 1)) == 0) {
		uint32_t room = r->n_ranges == 0 ? 1 : r->n_ranges * 2;
		struct where_range *grown = realloc(r->where->range, room * sizeof(*grown));
		if (grown == NULL)
			return err_set(r->err, -ENOMEM, "out of memory");
		r->where->range = grown;
	}
	r->where->range[r->n_ranges++] = range;
	return 0;
}

// What a comparison leaves of all values of that family.
static struct where_range compared(enum where_sign sign, const struct where_range *with) {
	const __uint128_t most = ~(__uint128_t)0;
	struct where_range range = *with, none = {.low = 1, .family = with->family};
	switch (sign) {
	case WHERE_LESS:
		if (with->low == 0)
			return none;
		range.low = 0;
		range.high = with->low - 1;
		break;
	case WHERE_LESS_EQUAL:
		range.low = 0;
		break;
	case WHERE_MORE:
		if (with->high == most)
			return none;
		range.low = with->high + 1;
		range.high = most;
		break;
	case WHERE_MORE_EQUAL:
		range.high = most;
		break;
	default:
		break;
	}
	return range;
}

// SIGN VALUE
static int read_comparison(struct where_reader *r, struct where_test *test) {
	enum field field = (enum field)test->field;
	enum where_sign sign = r->scan.sign;
	struct where_operand o;
	where_scan_next(&r->scan);
	uint32_t column = where_scan_column(&r->scan);
	bool equal = sign == WHERE_EQUAL || sign == WHERE_UNEQUAL;
	int ret = where_operand_read(&r->scan, field, r->cut, &o, r->err);
	if (ret == 0 && !equal && o.network)
		ret = err_set(
			r->err, -EINVAL,
			"a network is neither less nor more (accepted: = and !=, or an address)"
		);
	if (ret == 0 && equal)
		ret = where_operand_reach(&o, field, r->cut, r->err);
	if (ret < 0)
		return where_refuse_at(r, column);
	test->inverted = sign == WHERE_UNEQUAL;
	return add_range(r, compared(sign, &o.range));
}

// What is wrong with a range, NULL when nothing is.
static const char *range_wrong(const struct where_operand *low, const struct where_operand *high) {
	if (low->network || high->network)
		return "a network at the end of a range (accepted: addresses)";
	if (low->range.family != high->range.family)
		return "a range of two families (accepted: both IPv4, or both IPv6)";
	if (low->range.low > high->range.low)
		return "the range runs backwards (accepted: LOW..HIGH)";
	return NULL;
}

// VALUE or VALUE..VALUE
static int read_item(struct where_reader *r, enum field field) {
	struct where_operand low, high;
	uint32_t column = where_scan_column(&r->scan);
	int ret = where_operand_read(&r->scan, field, r->cut, &low, r->err);
	if (ret == 0 && r->scan.sign != WHERE_DOTS) {
		ret = where_operand_reach(&low, field, r->cut, r->err);
	} else if (ret == 0) {
		where_scan_next(&r->scan);
		column = where_scan_column(&r->scan);
		ret = where_operand_read(&r->scan, field, r->cut, &high, r->err);
		const char *wrong = ret == 0 ? range_wrong(&low, &high) : NULL;
		if (wrong != NULL)
			ret = err_set(r->err, -EINVAL, "%s", wrong);
		else if (ret == 0)
			low.range.high = high.range.high;
	}
	return ret == 0 ? add_range(r, low.range) : where_refuse_at(r, column);
}

// ITEM, ITEM ... with or without parentheses around.
static int read_items(struct where_reader *r, enum field field) {
	where_scan_next(&r->scan);
	bool open = r->scan.sign == WHERE_OPEN;
	if (open)
		where_scan_next(&r->scan);
	int ret = read_item(r, field);
	while (ret == 0 && r->scan.sign == WHERE_COMMA) {
		where_scan_next(&r->scan);
		ret = read_item(r, field);
	}
	if (ret < 0 || !open)
		return ret;
	if (r->scan.sign != WHERE_CLOSE)
		return where_refuse(r, ".., a comma, a closing parenthesis");
	where_scan_next(&r->scan);
	return 0;
}

// The fields of a key, as a list.
static void name_fields(uint32_t fields, char *to, size_t room) {
	size_t n = 0;
	to[0] = '\0';
	for (enum field f = 0; f < FIELD_COUNT; f++)
		if (fields & FIELD_BIT(f) && n < room)
			n += (size_t
			)snprintf(to + n, room - n, "%s%s", n > 0 ? ", " : "", field_name(f));
}

static int read_field(struct where_reader *r, struct where_test *test) {
	enum field f = 0;
	char accepted[256];
	if (r->scan.sign != WHERE_WORD)
		return where_refuse(r, "a field, not, an opening parenthesis");
	while (f < FIELD_COUNT && !where_scan_is(&r->scan, field_name(f)))
		f++;
	if (f < FIELD_COUNT && r->fields & FIELD_BIT(f)) {
		test->field = (uint8_t)f;
		where_scan_next(&r->scan);
		return 0;
	}
	name_fields(r->fields, accepted, sizeof(accepted));
	err_set(r->err, -EINVAL, "%.*s is not %s (accepted: %s)", told(&r->scan), r->scan.at,
		f < FIELD_COUNT ? "in the stream's key" : "a field", accepted);
	return where_refuse_at(r, where_scan_column(&r->scan));
}

int where_test_read(struct where_reader *r, struct where_test *test) {
	test->first = r->n_ranges;
	int ret = read_field(r, test);
	if (ret < 0)
		return ret;
	bool inverted = where_scan_is(&r->scan, "not");
	if (inverted)
		where_scan_next(&r->scan);
	if (where_scan_is(&r->scan, "in"))
		ret = read_items(r, (enum field)test->field);
	else if (inverted)
		ret = where_refuse(r, "in");
	else if (r->scan.sign < WHERE_EQUAL || r->scan.sign > WHERE_MORE_EQUAL)
		ret = where_refuse(r, "=, !=, <, <=, >, >=, in, not in");
	else
		ret = read_comparison(r, test);
	test->inverted |= inverted;
	test->n = r->n_ranges - test->first;
	return ret;
}
