// What benchmarks share: a cycle counter, repeats, median and spread. A benchmark interleaves what it
// compares within one run, checks what it computed and prints one JSON object.
#pragma once

#include <stdint.h>
#include <stdio.h>

#define BENCH_REPEATS_MAX 64

// Processor time of the calling thread in seconds: on a machine that others use too, what they took
// is not in it.
double bench_seconds(void);

// The rate of the time stamp counter, measured against CLOCK_MONOTONIC; on other machines 1e9. What is
// called cycles here is seconds times this.
double bench_cycles_per_second(void);

// Pins the calling thread; says so on stderr when it cannot. Negative: to the last processor it may
// run on, which is the one that others use least.
void bench_pin(int cpu);

// A command line's number from `min` to `max`; ends the program with exit status 2 when `text` is none.
uint32_t bench_number(const char *what, const char *text, uint32_t min, uint32_t max);

// An option of a command line, -LETTER, that takes a number.
struct bench_option {
	char letter;
	uint32_t *value; // as it was where the option is not given
	uint32_t min, max;
};

// Reads a command line of such options and -c CPU, which it returns for bench_pin, -1 where it is not
// given. Ends the program with exit status 2 and the usage where there is another option.
int bench_options(
	int argc, char **argv, const struct bench_option *options, uint32_t n, const char *usage
);

struct bench_series {
	const char *name;
	double value[BENCH_REPEATS_MAX];
	uint32_t n;
};

void bench_add(struct bench_series *s, double value);
double bench_median(const struct bench_series *s);

// "name":{"median":..,"min":..,"max":..,"n":..} without a comma.
void bench_print(const struct bench_series *s, FILE *to);

// Ends the program with exit status 1 and a message: a result was not what it must be.
_Noreturn void bench_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

// Ends the program with exit status 2 and a message: it cannot be measured like this.
_Noreturn void bench_refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
