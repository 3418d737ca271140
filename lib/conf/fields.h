// Fields as the configuration writes them: by name, addresses with prefixes or without.
#pragma once

#include "base/field.h"
#include "base/key_cut.h"

#include <stdbool.h>
#include <stdio.h>

// As the configuration has it.
void conf_field_print(enum field f, const struct key_cut *cut, FILE *to);

// What a list of fields may hold, for people; `rule`: that one, too.
void conf_fields_accepted(bool rule, FILE *to);
