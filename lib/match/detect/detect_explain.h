// Tells people how the engine groups rules: totals, then each group with the packets it is for.
#pragma once

#include "detect.h"

#include <stdio.h>

void detect_explain(const struct detect *d, FILE *to);
