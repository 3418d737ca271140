// Where the walk through a frame begins: its link header. Internal to the parser.
#pragma once

#include "packet/link.h"
#include "packet/parse_walk.h"

// Reads the first header of a frame and says which comes next.
enum step walk_link(struct walk *w, const struct parse_task *t, enum link link);
