// Options that read numbers out of the payload or ask how much of it there is: byte_test, byte_jump,
// isdataat.
#pragma once

#include "snort_draft.h"

// All return 0 or -EINVAL (fault told).
int snort_bytes_byte_test(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_bytes_byte_jump(struct snort_draft *d, const char *keyword, struct snort_text value);
int snort_bytes_isdataat(struct snort_draft *d, const char *keyword, struct snort_text value);
