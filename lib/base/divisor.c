// Divisors, in as many steps as the root of the number at the most: a few million for a year of
// microseconds.

#include "divisor.h"

int64_t divisor_common(int64_t a, int64_t b) {
	while (b != 0) {
		int64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

int64_t divisor_at_most(int64_t n, int64_t max) {
	int64_t below = 1; // the largest found under the root
	for (int64_t i = 1; i <= n / i; i++) {
		if (n % i != 0)
			continue;
		// Their counterparts come in falling order: the first that fits is the largest.
		if (n / i <= max)
			return n / i;
		below = i <= max ? i : below;
	}
	return below;
}
