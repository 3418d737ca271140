// One token after the other, from left to right:
//   COUNTER > NUMBER
//   COUNTER > [FACTOR *] mean(WINDOWS) [+ NUMBER]

#include "when.h"

#include "base/units.h"
#include "list.h"
#include "value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Longer words are none.
#define WORD_MAX 31

struct reader {
	const char *text;
	const char *at; // what comes next, without blanks ahead of it
	struct err *err;
};

static void skip_blanks(struct reader *r) {
	r->at += strspn(r->at, " \t");
}

// Octets of what comes next, for people: a word or number, a sign, or nothing.
static int shown(const struct reader *r) {
	size_t n = strspn(
		r->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."
	);
	if (n == 0)
		n = strspn(r->at, "<>=!");
	if (n == 0)
		n = r->at[0] != '\0';
	return (int)(n < WORD_MAX ? n : WORD_MAX);
}

static int wanted(const struct reader *r, const char *what) {
	int column = (int)(r->at - r->text) + 1;
	if (r->at[0] == '\0')
		return err_set(r->err, -EINVAL, "column %d: %s is missing", column, what);
	return err_set(
		r->err, -EINVAL, "column %d: %.*s: %s is wanted here", column, shown(r), r->at, what
	);
}

static int too_much(const struct reader *r, const char *what) {
	return err_set(
		r->err, -EINVAL, "column %d: %.*s: %s", (int)(r->at - r->text) + 1, shown(r), r->at,
		what
	);
}

static bool take_sign(struct reader *r, char sign) {
	if (r->at[0] != sign)
		return false;
	r->at++;
	skip_blanks(r);
	return true;
}

static int take_measure(struct reader *r, struct condition *when) {
	size_t n = strspn(r->at, "abcdefghijklmnopqrstuvwxyz_");
	for (uint32_t i = 0; i < MEASURE_COUNT; i++) {
		const char *name = measure_name(i);
		if (strlen(name) != n || strncmp(name, r->at, n) != 0)
			continue;
		when->measure = i;
		r->at += n;
		skip_blanks(r);
		return 0;
	}
	return wanted(
		r, "packets, bytes, frame_bytes, matches, rev_packets, rev_bytes or rev_frame_bytes"
	);
}

static int take_compare(struct reader *r, struct condition *when) {
	size_t n = strspn(r->at, "<>=!");
	for (uint32_t i = 0; i < COMPARE_COUNT; i++) {
		const char *name = compare_sign(i);
		if (strlen(name) != n || strncmp(name, r->at, n) != 0)
			continue;
		when->compare = i;
		r->at += n;
		skip_blanks(r);
		return 0;
	}
	return wanted(r, ">, >=, < or <=");
}

// A whole number with or without a unit.
static int take_number(struct reader *r, uint64_t *number) {
	char word[WORD_MAX + 1];
	int n = shown(r), ret = -EINVAL;
	snprintf(word, sizeof(word), "%.*s", n, r->at);
	if (word[0] >= '0' && word[0] <= '9')
		ret = units_parse_size(word, number);
	if (ret == -EINVAL)
		return wanted(r, "a whole number, with or without K, M or G,");
	if (ret < 0 || *number > CONDITION_NUMBER_MAX)
		return too_much(r, "more than 2^60");
	r->at += n;
	skip_blanks(r);
	return 0;
}

// A number of at most three decimals, in thousandths.
static int take_factor(struct reader *r, uint32_t *factor) {
	const char *p = r->at;
	uint64_t value = 0;
	uint32_t places = 0;
	for (; *p >= '0' && *p <= '9' && value <= CONDITION_FACTOR_MAX; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9' && places < 3; p++, places++)
			value = value * 10 + (uint64_t)(*p - '0');
	if (*p != '\0' && strchr(" \t*", *p) == NULL)
		return too_much(r, "a factor is a number with at most three decimals");
	for (; places < 3; places++)
		value *= 10;
	if (value == 0 || value > CONDITION_FACTOR_MAX)
		return too_much(r, "a factor is 0.001 to 1000000");
	*factor = (uint32_t)value;
	r->at = p;
	skip_blanks(r);
	return 0;
}

static bool is_mean(const struct reader *r) {
	return shown(r) == 4 && strncmp(r->at, "mean", 4) == 0;
}

static int take_mean(struct reader *r, struct condition *when) {
	uint64_t windows = 0;
	if (!is_mean(r))
		return wanted(r, "mean(WINDOWS)");
	r->at += 4;
	skip_blanks(r);
	if (!take_sign(r, '('))
		return wanted(r, "( and a number of windows");
	struct reader before = *r;
	int ret = take_number(r, &windows);
	if (ret < 0)
		return ret;
	if (windows == 0 || windows > CONDITION_WINDOWS_MAX)
		return too_much(&before, "a mean is of 1 to 1000 windows");
	if (!take_sign(r, ')'))
		return wanted(r, ")");
	when->windows = (uint32_t)windows;
	return take_sign(r, '+') ? take_number(r, &when->number) : 0;
}

// What stands ahead of a *, or else a number.
static int take_right(struct reader *r, struct condition *when) {
	when->factor = 1000;
	if (is_mean(r))
		return take_mean(r, when);
	if (r->at[0] < '0' || r->at[0] > '9')
		return wanted(r, "a number or mean(WINDOWS)");
	size_t n = strcspn(r->at, "*");
	if (r->at[n] == '\0') {
		when->factor = 0;
		return take_number(r, &when->number);
	}
	int ret = take_factor(r, &when->factor);
	if (ret < 0)
		return ret;
	if (!take_sign(r, '*'))
		return wanted(r, "*");
	return take_mean(r, when);
}

// Conditions that hold for a key that is not there and for every other, or for none.
static int check_sense(const struct reader *r, const struct condition *when) {
	bool always = when->compare == COMPARE_AT_LEAST, never = when->compare == COMPARE_BELOW;
	if (when->windows > 0 || when->number > 0 || (!always && !never))
		return 0;
	return err_set(
		r->err, -EINVAL, "a counter is %s 0", always ? "always at least" : "never below"
	);
}

int conf_when_read(const char *text, struct condition *when, struct err *err) {
	struct reader r = {.text = text, .at = text, .err = err};
	*when = (struct condition){0};
	skip_blanks(&r);
	int ret = take_measure(&r, when);
	if (ret == 0)
		ret = take_compare(&r, when);
	if (ret == 0)
		ret = take_right(&r, when);
	if (ret == 0 && r.at[0] != '\0')
		ret = wanted(
			&r, when->windows > 0 && when->number == 0 ? "+ or the end" : "the end"
		);
	return ret == 0 ? check_sense(&r, when) : ret;
}

int conf_value_when(const struct conf_value *v) {
	struct condition *when = (void *)((char *)v->base + v->key->offset);
	struct err err = {0};
	char *text = conf_text_dup(v->text);
	if (text == NULL)
		return conf_value_oom(v);
	int ret = text[0] != '\0' ? conf_when_read(text, when, &err)
				  : err_set(&err, -EINVAL, "must not be empty");
	free(text);
	return ret < 0 ? conf_value_refuse(v, "%s", err.text) : 0;
}

static void print_factor(uint32_t factor, FILE *to) {
	fprintf(to, "%u", factor / 1000);
	if (factor % 1000 > 0) {
		char places[4];
		snprintf(places, sizeof(places), "%03u", factor % 1000);
		for (int i = 2; places[i] == '0'; i--)
			places[i] = '\0';
		fprintf(to, ".%s", places);
	}
	fputs(" * ", to);
}

void conf_when_print(const struct condition *when, FILE *to) {
	char number[32];
	fprintf(to, "%s %s ", measure_name(when->measure), compare_sign(when->compare));
	units_format_size(when->number, number, sizeof(number));
	if (when->windows == 0) {
		fputs(number, to);
		return;
	}
	if (when->factor != 1000)
		print_factor(when->factor, to);
	fprintf(to, "mean(%u)", when->windows);
	if (when->number > 0)
		fprintf(to, " + %s", number);
}

void conf_when_accepted(FILE *to) {
	fputs("COUNTER > NUMBER, COUNTER > FACTOR * mean(WINDOWS) + NUMBER, where COUNTER is packets, bytes, "
	      "frame_bytes, matches, rev_packets, rev_bytes or rev_frame_bytes, the sign >, >=, < or <=, FACTOR and NUMBER may be left out",
	      to);
}
