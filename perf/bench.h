// What benchmarks share: a cycle counter, repeats, median and spread. A benchmark interleaves what it
// compares within one run, checks what it computed and prints one JSON object.
#pragma once

#include <stdint.h>
#include <stdio.h>

#define BENCH_REPEATS_MAX 64

// Cycles of the time stamp counter (constant rate); on other machines nanoseconds.
uint64_t bench_cycles(void);

// Its rate, measured against CLOCK_MONOTONIC.
double bench_cycles_per_second(void);

// Pins the calling thread; says so on stderr when it cannot.
void bench_pin(int cpu);

struct bench_series {
	const char *name;
	double value[BENCH_REPEATS_MAX];
	uint32_t n;
};

void bench_add(struct bench_series *s, double value);
double bench_median(const struct bench_series *s);

// "name":{"median":..,"min":..,"max":..,"n":..} without a comma.
void bench_print(const struct bench_series *s, FILE *to);

// Ends the program with a message: a result was not what it must be.
_Noreturn void bench_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
