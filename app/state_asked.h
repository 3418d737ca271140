// What a run must have in common with the one that saved a state to go on from it: inputs, what is taken
// of them, streams, sinks. As text, a line for each key, so that a difference can be told.
#pragma once

#include "base/err.h"
#include "conf/conf.h"

// NULL with err set: out of memory, or a capture cannot be read. Free it.
char *state_asked(const struct conf *conf, struct err *err);

// 0, or -EINVAL with err set: the first difference, and what can be done about it.
int state_asked_compare(const char *now, const char *saved, struct err *err);
