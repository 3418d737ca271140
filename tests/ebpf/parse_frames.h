// Frames that the XDP parser's test makes: one of each kind that the parser knows, and those that go on
// for long.
#pragma once

#include <stdint.h>

struct frame;

// Makes frame number `i`. Returns its name; NULL: there are not so many.
const char *parse_frame_make(uint32_t i, struct frame *f);

// The part of them that has tunnels.
const char *parse_tunnel_frame_make(uint32_t i, struct frame *f);
