// Between the files that check what only shows when several values are seen together.
#pragma once

#include "build.h"

#include <stdbool.h>

// Reports about a key where its value stands.
void conf_check_refuse(
	const struct conf_build *b, const struct conf_slot *slot, uint32_t key, const char *what
);

bool conf_check_is(const struct conf_slot *slot, const char *name);

// The section of that name, of which there is always one.
const struct conf_slot *conf_check_find(const struct conf_build *b, const char *name);

bool conf_check_no_rules(const struct conf_build *b);

// check_stream.c: a [stream], and an [alert].
void conf_check_stream(const struct conf_build *b, const struct conf_slot *slot);
void conf_check_alert(const struct conf_build *b, const struct conf_slot *slot);

// check_kernel.c: [input]; and whether kernel mode is asked for, as far as it could be read.
void conf_check_kernel(const struct conf_build *b, const struct conf_slot *slot);
bool conf_check_in_kernel(const struct conf_build *b);

// check_state.c: any section, beside [state]; and whether checkpoints are asked for, as far as it could be
// read.
void conf_check_kept(const struct conf_build *b, const struct conf_slot *slot);
bool conf_check_keeps_state(const struct conf_build *b);
