// byte_test and byte_jump: numbers read from the payload.
#pragma once

#include "match/snort/snort_test.h"
#include "verify_scratch.h"

// Of a byte_test with as many digits as there are: how far they are looked for.
#define VERIFY_DIGITS_MAX 256u

// Does the test hold, counted from `base` (0 if it is not relative)?
bool verify_bytes_test(const struct snort_byte *b, const struct verify_input *in, uint32_t base);

// Where the jump lands, or VERIFY_NOWHERE when the number cannot be read or the place is not in the
// payload. A jump ahead of the payload's start lands at the start, as in Suricata.
uint32_t
verify_bytes_jump(const struct snort_byte *b, const struct verify_input *in, uint32_t base);
