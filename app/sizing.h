// What memory a configuration reserves or may take, and for how much of what that is, in one line for
// people.
#pragma once

#include "conf/conf.h"

#include <stdbool.h>

#define SIZING_MAX 512

// `in_kernel`: nobody but the kernel counts. Returns `to`, of SIZING_MAX octets.
const char *sizing_text(const struct conf *conf, bool in_kernel, char *to);
