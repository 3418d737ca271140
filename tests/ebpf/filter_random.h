// Programs of classic BPF as no expression makes them, from a seed.
#pragma once

#include "packet/filter.h"

#include <stdint.h>

#define FILTER_RANDOM_MAX 64

// Returns how long the program is. libpcap finds it valid; it jumps forward only, reads no word of M[]
// that it has not written (libpcap's interpreter leaves those open), and octets of the frame up to `reach`
// and a little beyond.
uint32_t filter_random(uint32_t seed, uint32_t reach, struct filter_insn insns[FILTER_RANDOM_MAX]);
