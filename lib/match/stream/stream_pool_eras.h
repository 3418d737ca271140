// The row of a pool's eras: how one follows another, and how the past goes, a bit at a time.
#pragma once

#include "stream_pool_priv.h"

// Puts `e` behind the newest. 0 or -ENOMEM with all as it was, `e` included.
int stream_eras_push(struct stream_pool *p, struct stream_era *e, const uint32_t *map, bool same);

// Gives back parts of eras that were cut, and unused streams of those that have passed: up to
// `budget` of them.
void stream_eras_drain(struct stream_pool *p, uint32_t budget);
