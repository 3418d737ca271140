// Numbers with units: table-driven parsing with overflow checks, and the shortest exact form back.

#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

// Largest first: formatting takes the first that divides.
static const struct unit durations[] = {
	{"d", 86400000000}, {"h", 3600000000}, {"m", 60000000},
	{"s", 1000000},     {"ms", 1000},      {"us", 1},
};
static const struct unit sizes[] = {
	{"T", 1ull << 40}, {"G", 1ull << 30}, {"M", 1ull << 20}, {"K", 1ull << 10}, {"", 1},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

// Reads the digits ahead; *end is what follows them.
static int digits(const char *text, uint64_t *value, const char **end) {
	uint64_t v = 0;
	const char *p = text;
	int over = 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		over |= __builtin_mul_overflow(v, 10, &v);
		over |= __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v);
	}
	if (p == text)
		return -EINVAL;
	*value = v;
	*end = p;
	return over ? -ERANGE : 0;
}

static int parse(const char *text, const struct unit *units, size_t n, uint64_t *value) {
	const char *end = text;
	int ret = digits(text, value, &end);
	if (ret == -EINVAL)
		return ret;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (ret < 0 || __builtin_mul_overflow(*value, units[i].factor, value))
			return -ERANGE;
		return 0;
	}
	return -EINVAL;
}

int units_parse_duration(const char *text, int64_t *us) {
	uint64_t v = 0;
	if (strcmp(text, "0") == 0) {
		*us = 0;
		return 0;
	}
	int ret = parse(text, durations, COUNT(durations), &v);
	if (ret < 0)
		return ret;
	if (v > 1ull << 62)
		return -ERANGE;
	*us = (int64_t)v;
	return 0;
}

int units_parse_size(const char *text, uint64_t *octets) {
	return parse(text, sizes, COUNT(sizes), octets);
}

int units_parse_uint(const char *text, uint64_t *value) {
	const char *end = text;
	int ret = digits(text, value, &end);
	return *end == '\0' ? ret : -EINVAL;
}

static const char *format(uint64_t v, const struct unit *units, size_t n, char *buf, size_t len) {
	for (size_t i = 0; i < n; i++) {
		if (v % units[i].factor == 0 && (v != 0 || i == n - 1)) {
			snprintf(buf, len, "%" PRIu64 "%s", v / units[i].factor, units[i].name);
			break;
		}
	}
	return buf;
}

const char *units_format_duration(int64_t us, char *buf, size_t len) {
	if (us == 0) {
		snprintf(buf, len, "0s");
		return buf;
	}
	return format((uint64_t)us, durations, COUNT(durations), buf, len);
}

const char *units_format_size(uint64_t octets, char *buf, size_t len) {
	return format(octets, sizes, COUNT(sizes), buf, len);
}

const char *units_plural(uint64_t n) {
	return n == 1 ? "" : "s";
}

const char *units_format_count(double value, char *buf, size_t len) {
	static const char *const prefix[] = {"", " k", " M", " G", " T"};
	size_t i = 0;
	while (value >= 1000 && i + 1 < COUNT(prefix)) {
		value /= 1000;
		i++;
	}
	int decimals = i == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
	snprintf(buf, len, "%.*f%s", decimals, value, prefix[i]);
	return buf;
}
