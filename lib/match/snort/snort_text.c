// Trims, cuts and reads stretches of rule text. Everything here takes any octet.

#include "snort_text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

bool snort_text_is_blank(char c) {
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct snort_text snort_text_trim(struct snort_text t) {
	while (t.at < t.end && snort_text_is_blank(*t.at))
		t.at++;
	while (t.at < t.end && snort_text_is_blank(t.end[-1]))
		t.end--;
	return t;
}

int snort_text_compare(struct snort_text t, const char *word) {
	size_t len = snort_text_len(t), word_len = strlen(word);
	if (len == 0) // a text that is not there at all
		return word_len > 0 ? -1 : 0;
	int diff = strncasecmp(t.at, word, len < word_len ? len : word_len);
	return diff != 0 ? diff : (len > word_len) - (len < word_len);
}

int snort_text_compare_row(const void *text, const void *row) {
	return snort_text_compare(*(const struct snort_text *)text, *(const char *const *)row);
}

bool snort_text_is(struct snort_text t, const char *word) {
	return snort_text_compare(t, word) == 0;
}

const char *snort_text_outside(struct snort_text t, const char *stops) {
	const size_t n = strlen(stops);
	unsigned open = 0;
	for (; t.at < t.end; t.at++) {
		if (*t.at == '[')
			open++;
		else if (*t.at == ']' && open > 0)
			open--;
		else if (open == 0 && memchr(stops, *t.at, n) != NULL)
			break;
	}
	return t.at;
}

bool snort_text_next(struct snort_text *rest, char separator, struct snort_text *piece) {
	if (rest->at == NULL)
		return false;
	const char *cut = memchr(rest->at, separator, snort_text_len(*rest));
	piece->at = rest->at;
	piece->end = cut != NULL ? cut : rest->end;
	*piece = snort_text_trim(*piece);
	*rest = cut != NULL ? (struct snort_text){cut + 1, rest->end} : (struct snort_text){};
	return true;
}

bool snort_text_next_word(struct snort_text *rest, struct snort_text *word) {
	*rest = snort_text_trim(*rest);
	if (rest->at == rest->end)
		return false;
	word->at = rest->at;
	while (rest->at < rest->end && !snort_text_is_blank(*rest->at))
		rest->at++;
	word->end = rest->at;
	*rest = snort_text_trim(*rest);
	return true;
}

static int digit_of(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

int snort_text_read_uint(struct snort_text t, uint64_t max, uint64_t *value) {
	unsigned base = 10;
	bool over = false;
	if (snort_text_len(t) > 2 && t.at[0] == '0' && (t.at[1] == 'x' || t.at[1] == 'X')) {
		base = 16;
		t.at += 2;
	}
	if (t.at == t.end)
		return -EINVAL;
	*value = 0;
	for (; t.at < t.end; t.at++) {
		unsigned digit = (unsigned)digit_of(*t.at);
		if (digit >= base)
			return -EINVAL;
		over = over || __builtin_mul_overflow(*value, base, value)
			|| __builtin_add_overflow(*value, digit, value);
	}
	return over || *value > max ? -ERANGE : 0;
}

int snort_text_read_int(struct snort_text t, int64_t min, int64_t max, int64_t *value) {
	uint64_t size;
	bool negative = t.at < t.end && *t.at == '-';
	if (t.at < t.end && (*t.at == '-' || *t.at == '+'))
		t.at++;
	int ret = snort_text_read_uint(t, INT64_MAX, &size);
	if (ret < 0)
		return ret;
	*value = negative ? -(int64_t)size : (int64_t)size;
	return *value < min || *value > max ? -ERANGE : 0;
}

const char *snort_text_show(struct snort_text t, char buf[SNORT_SHOWN]) {
	size_t len = snort_text_len(t), n = 0;
	for (; n < len && n < SNORT_SHOWN - 8; n++)
		buf[n] = t.at[n] >= ' ' && t.at[n] <= '~' ? t.at[n] : '?';
	strcpy(buf + n, n < len ? "..." : "");
	return buf;
}
