// A rule file's octets, brought into memory from whatever the path names.
#pragma once

#include "base/err.h"

#include <stdint.h>

// Reads regular files, pipes and devices up to `max` octets. Returns 0 (*text to be freed, not NULL
// even when empty) or -errno with err set (-EFBIG: larger than max).
int rule_text_read(const char *path, uint64_t max, char **text, uint64_t *len, struct err *err);
