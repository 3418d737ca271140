// The words and signs of a condition, one after the other.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum where_sign {
	WHERE_END,
	WHERE_WORD, // a name, a number, an address, a network
	WHERE_OPEN,
	WHERE_CLOSE,
	WHERE_COMMA,
	WHERE_DOTS, // ..
	WHERE_EQUAL, // = or ==
	WHERE_UNEQUAL, // != or <>
	WHERE_LESS,
	WHERE_LESS_EQUAL,
	WHERE_MORE,
	WHERE_MORE_EQUAL,
	WHERE_OTHER, // one octet that begins nothing of these
};

struct where_scan {
	const char *text; // the whole
	const char *at; // the sign at hand begins there
	uint32_t n; // octets that it has
	enum where_sign sign;
};

// The first sign of `text`, which is borrowed.
void where_scan_init(struct where_scan *s, const char *text);

void where_scan_next(struct where_scan *s);

// Whether the sign at hand is that word, in capitals or not.
bool where_scan_is(const struct where_scan *s, const char *word);

// Where it begins, counted from 1.
static inline uint32_t where_scan_column(const struct where_scan *s) {
	return (uint32_t)(s->at - s->text) + 1;
}
