// The windows that a stream may have, by name and by what is said of each.
#pragma once

#include "conf.h"

#define CONF_WINDOW_KINDS 5

struct conf_window_form {
	const char *name;
	const char *part[2]; // what its durations are called, or its number of packets
	uint32_t n; // how many it has
};

// Packets of a window of count.
#define CONF_COUNT_MIN 2
#define CONF_COUNT_MAX (1u << 31)

// By enum conf_window_kind.
const struct conf_window_form *conf_window_form(uint32_t kind);

// As the configuration has it.
void conf_window_print(const struct conf_window *window, FILE *to);
