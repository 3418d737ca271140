// The threads' part of a run's opening, once its input is there.
#pragma once

#include "base/err.h"

struct run;

// Opens the workers, and a receiver where the input wants one, or else the collector. 0 or -errno with err set;
// run_close frees what is there in any case.
int run_pipeline_open(struct run *run, struct err *err);
