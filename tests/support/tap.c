// Prints facts, and counts them. The plan comes last, when their number is known.

#include "tap.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t n_facts, n_failed;

void tap_ok(bool ok, const char *fact, ...) {
	va_list ap;
	va_start(ap, fact);
	printf("%sok %u - ", ok ? "" : "not ", ++n_facts);
	vprintf(fact, ap);
	printf("\n");
	va_end(ap);
	n_failed += !ok;
}

void tap_skip(const char *reason, const char *fact, ...) {
	va_list ap;
	va_start(ap, fact);
	printf("ok %u - ", ++n_facts);
	vprintf(fact, ap);
	printf(" # SKIP %s\n", reason);
	va_end(ap);
}

bool tap_failed(void) {
	return n_failed > 0;
}

int tap_end(void) {
	printf("1..%u\n", n_facts);
	return n_failed > 0;
}

int tap_skip_all(const char *reason) {
	printf("1..0 # SKIP %s\n", reason);
	return 0;
}

void tap_bail_out(const char *why, ...) {
	va_list ap;
	va_start(ap, why);
	printf("Bail out! ");
	vprintf(why, ap);
	printf("\n");
	va_end(ap);
	exit(1);
}
