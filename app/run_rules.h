// The rules that a run begins with: compiled while whoever waits is told, and what became of them logged.
#pragma once

#include "base/err.h"

struct run;

// Sets run->engine, n_rules and rules_version; without rule files nothing. 0, or with err
// set -EINVAL for a file that cannot be read or rules that match.on_unsupported = error does not let
// pass, -ENOMEM. May take minutes.
int run_rules_open(struct run *run, struct err *err);
