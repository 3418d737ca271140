// Prints a plan's tables as lines: protocol, direction and ports that lead to a group.
#pragma once

#include "detect_plan.h"

#include <stdio.h>

// `name`, by list of the plan: the number that the group has for people; NULL: the list's own.
void detect_plan_explain(const struct detect_plan *plan, const uint32_t *name, FILE *to);
