// The count stage: adds each packet to the row that the track stage found for it.
#pragma once

#include "packet/burst.h"

// The packets that b->count lists.
void stage_count_run(struct burst *b);
