// [vars]: what $NAME stands for in rule files. Its keys are names that the user makes up, in upper and
// lower case as they are written; what a value means is for those who read rules.
#pragma once

#include "build.h"

// Takes an entry of the section over into b->conf->vars, in place of one of that name, or reports why
// it cannot.
void conf_vars_take(struct conf_build *b, const struct conf_entry *e);

// As lines of a configuration.
void conf_vars_print(const struct conf_vars *vars, FILE *to);
void conf_vars_fini(struct conf_vars *vars);
