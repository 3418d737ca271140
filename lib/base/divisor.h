// Divisors of durations: how slices of time are chosen that several windows can be made of.
#pragma once

#include <stdint.h>

// The greatest common divisor of two numbers, none of them negative. That of 0 and `a` is `a`.
int64_t divisor_common(int64_t a, int64_t b);

// The largest divisor of `n` that is at most `max`; both at least 1.
int64_t divisor_at_most(int64_t n, int64_t max);
