// Loading a configuration for a command: with the checks that need other layers, errors to stderr.
#pragma once

#include "conf/conf.h"

// NULL when anything is wrong; it was all said. Free with conf_free.
struct conf *load_configuration(const char *path, const char *const *sets, uint32_t n_sets);
