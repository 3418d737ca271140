// The way out of a run: its sinks, opened before any device is touched, and the exporter, opened once all that
// counts is there.
#pragma once

#include "base/err.h"

struct run;

// 0 or -errno with err set; run_close closes what is there in any case.
int run_sinks_open(struct run *run, struct err *err);
int run_exporter_open(struct run *run, struct err *err);
