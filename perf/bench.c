// What benchmarks share.

#include "bench.h"

#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t monotonic_ns(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t bench_cycles(void) {
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return monotonic_ns();
#endif
}

double bench_cycles_per_second(void) {
	uint64_t ns = monotonic_ns(), c = bench_cycles();
	while (monotonic_ns() - ns < 50000000)
		;
	uint64_t c2 = bench_cycles(), ns2 = monotonic_ns();
	return (double)(c2 - c) * 1e9 / (double)(ns2 - ns);
}

void bench_pin(int cpu) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		fprintf(stderr, "cannot run on processor %d: figures will be noisier\n", cpu);
}

void bench_add(struct bench_series *s, double value) {
	if (s->n < BENCH_REPEATS_MAX)
		s->value[s->n++] = value;
}

static int by_value(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void sorted(const struct bench_series *s, double *to) {
	memcpy(to, s->value, s->n * sizeof(*to));
	qsort(to, s->n, sizeof(*to), by_value);
}

double bench_median(const struct bench_series *s) {
	double v[BENCH_REPEATS_MAX];
	if (s->n == 0)
		return 0;
	sorted(s, v);
	return s->n % 2 ? v[s->n / 2] : (v[s->n / 2 - 1] + v[s->n / 2]) / 2;
}

void bench_print(const struct bench_series *s, FILE *to) {
	double v[BENCH_REPEATS_MAX] = {0};
	sorted(s, v);
	fprintf(to, "\"%s\":{\"median\":%.4f,\"min\":%.4f,\"max\":%.4f,\"n\":%u}", s->name,
		bench_median(s), v[0], s->n > 0 ? v[s->n - 1] : 0, s->n);
}

void bench_wrong(const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "wrong result: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}
