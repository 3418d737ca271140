// The bench's own compiled BPF objects; they are part of the executable.
#pragma once

#include <stddef.h>

const void *program_xdp_parse(size_t *octets);
const void *program_xdp_minimal(size_t *octets);
const void *program_xdp_minimal_table(size_t *octets);
const void *program_xdp_flood(size_t *octets);
