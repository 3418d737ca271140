// What all configured streams ask for together.
#pragma once

#include "conf/conf.h"

#include <stdint.h>

// FIELD_BIT()s of the finest key that any of them needs.
uint32_t streams_fields(const struct conf *conf);

// The widest pane that suits all their windows, in microseconds.
int64_t streams_pane_width(const struct conf *conf);
