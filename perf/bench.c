// What benchmarks share.

#include "bench.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
	struct timespec ts;
	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double bench_seconds(void) {
	return seconds(CLOCK_THREAD_CPUTIME_ID);
}

double bench_cycles_per_second(void) {
#if defined(__x86_64__)
	double start = seconds(CLOCK_MONOTONIC), end;
	uint64_t c = __builtin_ia32_rdtsc();
	while ((end = seconds(CLOCK_MONOTONIC)) - start < 0.05)
		;
	return (double)(__builtin_ia32_rdtsc() - c) / (end - start);
#else
	return 1e9;
#endif
}

void bench_pin(int cpu) {
	cpu_set_t set;
	if (cpu < 0 && sched_getaffinity(0, sizeof(set), &set) == 0)
		for (int c = 0; c < CPU_SETSIZE; c++)
			if (CPU_ISSET(c, &set))
				cpu = c;
	CPU_ZERO(&set);
	if (cpu >= 0 && cpu < CPU_SETSIZE)
		CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		fprintf(stderr, "cannot run on processor %d: figures will be noisier\n", cpu);
}

uint32_t bench_number(const char *what, const char *text, uint32_t min, uint32_t max) {
	char *end;
	errno = 0;
	unsigned long v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || v < min || v > max)
		bench_refuse("%s: %s: not a number from %u to %u", what, text, min, max);
	return (uint32_t)v;
}

int bench_options(
	int argc, char **argv, const struct bench_option *options, uint32_t n, const char *usage
) {
	char letters[64] = "c:", what[] = "-c";
	int cpu = -1, opt;
	assert(2 * n + 2 < sizeof(letters));
	for (uint32_t i = 0; i < n; i++)
		memcpy(letters + 2 * i + 2, (char[]){options[i].letter, ':', '\0'}, 3);
	while ((opt = getopt(argc, argv, letters)) != -1) {
		const struct bench_option *o = options;
		while (o < options + n && o->letter != opt)
			o++;
		what[1] = (char)opt;
		if (o < options + n)
			*o->value = bench_number(what, optarg, o->min, o->max);
		else if (opt == 'c')
			cpu = (int)bench_number(what, optarg, 0, CPU_SETSIZE - 1);
		else
			bench_refuse("%s", usage);
	}
	return cpu;
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

void bench_refuse(const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(2);
}
