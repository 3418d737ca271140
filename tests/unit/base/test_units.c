// lib/base/units.c: durations and sizes as people write them.

#include "base/units.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(units, durations_read_as_microseconds) {
	static const struct {
		const char *text;
		int64_t us;
	} t[] = {
		{"0", 0},
		{"0s", 0},
		{"1us", 1},
		{"500us", 500},
		{"500ms", 500000},
		{"10s", 10000000},
		{"5m", 300000000},
		{"1h", 3600000000},
		{"1d", 86400000000},
		{"007s", 7000000},
		{"4611686018427387904us", INT64_C(1) << 62},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		int64_t us = -1;
		cr_assert_eq(units_parse_duration(t[i].text, &us), 0, "%s", t[i].text);
		cr_assert_eq(us, t[i].us, "%s: %" PRId64, t[i].text, us);
	}
}

Test(units, what_is_no_duration_is_refused) {
	static const char *const t[] = {
		"",     "10", "s",    "-1s", "+1s", " 1s",  "1s ", "1 s",
		"1.5s", "1S", "1sec", "1w",  "1s2", "0x1s", "00",  "99999999999999999999parsec",
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		int64_t us;
		cr_assert_eq(units_parse_duration(t[i], &us), -EINVAL, "%s", t[i]);
	}
}

Test(units, durations_out_of_range_say_so) {
	static const char *const t[] = {
		"4611686018427387905us",
		"99999999999999999999s",
		"18446744073709551616us",
		"53375996d",
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		int64_t us;
		cr_assert_eq(units_parse_duration(t[i], &us), -ERANGE, "%s", t[i]);
	}
}

Test(units, sizes_read_as_octets) {
	static const struct {
		const char *text;
		uint64_t octets;
	} t[] = {
		{"0", 0},
		{"1", 1},
		{"65536", 65536},
		{"64K", 65536},
		{"256M", 256u << 20},
		{"4G", 4ull << 30},
		{"2T", 2ull << 40},
		{"18446744073709551615", UINT64_MAX},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		uint64_t octets = 1234;
		cr_assert_eq(units_parse_size(t[i].text, &octets), 0, "%s", t[i].text);
		cr_assert_eq(octets, t[i].octets, "%s", t[i].text);
	}
}

Test(units, what_is_no_size_is_refused) {
	static const char *const bad[] = {"", "K", "1k", "1KB", "1.5M", "-1", "1 K", "1K ", "0x10"};
	static const char *const over[] = {
		"18446744073709551616", "16777216T", "99999999999999999999G"};
	uint64_t octets;
	for (unsigned i = 0; i < COUNT(bad); i++)
		cr_assert_eq(units_parse_size(bad[i], &octets), -EINVAL, "%s", bad[i]);
	for (unsigned i = 0; i < COUNT(over); i++)
		cr_assert_eq(units_parse_size(over[i], &octets), -ERANGE, "%s", over[i]);
}

Test(units, integers_are_digits_and_nothing_else) {
	uint64_t v = 0;
	cr_assert_eq(units_parse_uint("18446744073709551615", &v), 0);
	cr_assert_eq(v, UINT64_MAX);
	cr_assert_eq(units_parse_uint("0", &v), 0);
	cr_assert_eq(v, 0);
	cr_assert_eq(units_parse_uint("18446744073709551616", &v), -ERANGE);
	static const char *const bad[] = {"",   "-1", "+1", " 1",
					  "1 ", "1K", "a",  "99999999999999999999x"};
	for (unsigned i = 0; i < COUNT(bad); i++)
		cr_assert_eq(units_parse_uint(bad[i], &v), -EINVAL, "%s", bad[i]);
}

Test(units, durations_are_written_in_the_largest_exact_unit) {
	static const struct {
		int64_t us;
		const char *text;
	} t[] = {
		{0, "0s"},           {1, "1us"},           {1500, "1500us"}, {2000, "2ms"},
		{10000000, "10s"},   {90000000, "90s"},    {60000000, "1m"}, {3600000000, "1h"},
		{86400000000, "1d"}, {90000000000, "25h"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		char buf[32];
		cr_assert_str_eq(units_format_duration(t[i].us, buf, sizeof(buf)), t[i].text);
	}
}

Test(units, sizes_are_written_in_the_largest_exact_unit) {
	static const struct {
		uint64_t octets;
		const char *text;
	} t[] = {
		{0, "0"},
		{1, "1"},
		{1023, "1023"},
		{1024, "1K"},
		{1500, "1500"},
		{65536, "64K"},
		{256u << 20, "256M"},
		{4ull << 30, "4G"},
		{UINT64_MAX, "18446744073709551615"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		char buf[32];
		cr_assert_str_eq(units_format_size(t[i].octets, buf, sizeof(buf)), t[i].text);
	}
}

Test(units, what_is_written_reads_back_the_same) {
	for (int64_t us = 1; us < INT64_C(1) << 61; us = us * 3 + us % 1000) {
		char buf[32];
		int64_t back = -1;
		cr_assert_eq(
			units_parse_duration(units_format_duration(us, buf, sizeof(buf)), &back), 0
		);
		cr_assert_eq(back, us);
		uint64_t octets = 0;
		cr_assert_eq(
			units_parse_size(
				units_format_size((uint64_t)us, buf, sizeof(buf)), &octets
			),
			0
		);
		cr_assert_eq(octets, (uint64_t)us);
	}
}

Test(units, counts_show_three_digits) {
	static const struct {
		double value;
		const char *text;
	} t[] = {
		{0, "0"},          {7, "7"},          {999, "999"},        {1000, "1.00 k"},
		{12345, "12.3 k"}, {123456, "123 k"}, {1234567, "1.23 M"}, {46e6, "46.0 M"},
		{2e9, "2.00 G"},   {5e15, "5000 T"},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		char buf[32];
		cr_assert_str_eq(units_format_count(t[i].value, buf, sizeof(buf)), t[i].text);
	}
}

Test(units, one_of_a_thing_is_no_plural) {
	cr_assert_str_eq(units_plural(1), "");
	cr_assert_str_eq(units_plural(0), "s");
	cr_assert_str_eq(units_plural(2), "s");
	cr_assert_str_eq(units_plural((1ull << 32) + 1), "s");
}

Test(units, a_short_buffer_is_never_overrun) {
	char buf[4] = {'x', 'x', 'x', 'x'};
	units_format_size(123456789, buf, 3);
	cr_assert_eq(strlen(buf), 2);
	cr_assert_eq(buf[3], 'x');
}
