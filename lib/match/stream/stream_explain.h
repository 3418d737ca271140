// Tells people how rules are grouped for TCP streams: totals, then each group with the streams it is for.
#pragma once

#include "stream_set.h"

#include <stdio.h>

void stream_explain(const struct stream_set *s, FILE *to);
