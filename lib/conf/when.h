// What alerts are given on: a condition as people write it, `packets > 4 * mean(6) + 100`.
#pragma once

#include "base/condition.h"
#include "base/err.h"

#include <stdio.h>

// Reads all of `text`. 0, or -EINVAL with what is wrong and in which column in err.
int conf_when_read(const char *text, struct condition *when, struct err *err);

// As the configuration has it.
void conf_when_print(const struct condition *when, FILE *to);

// What is accepted, for people.
void conf_when_accepted(FILE *to);
