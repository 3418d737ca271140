// Numbers with units as people write them in a configuration: durations and sizes, both ways.
#pragma once

#include <stddef.h>
#include <stdint.h>

// "500us" "500ms" "10s" "5m" "1h" "1d": an integer with a unit, no spaces, no sign; a bare "0" too.
// Returns 0, -EINVAL (not of that form) or -ERANGE (over 2^62 microseconds).
int units_parse_duration(const char *text, int64_t *us);

// "65536" "64K" "256M" "4G": octets, units are powers of 1024. Returns 0, -EINVAL or -ERANGE.
int units_parse_size(const char *text, uint64_t *octets);

// An unsigned decimal integer and nothing else. Returns 0, -EINVAL or -ERANGE.
int units_parse_uint(const char *text, uint64_t *value);

// The shortest exact form: 10000000 → "10s". Returns `buf`.
const char *units_format_duration(int64_t us, char *buf, size_t len);

// The shortest exact form: 65536 → "64K". Returns `buf`.
const char *units_format_size(uint64_t octets, char *buf, size_t len);

// How the word behind a number ends: "s", but for 1.
const char *units_plural(uint64_t n);

// For reading, not exact: 1234567 → "1.23 M". Returns `buf`.
const char *units_format_count(double value, char *buf, size_t len);
