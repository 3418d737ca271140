// libpcap's interpreter of classic BPF, for a test that includes the kernel's headers: their names
// clash with libpcap's.
#pragma once

#include "packet/filter.h"

#include <stdbool.h>
#include <stdint.h>

// Whether libpcap would run this program.
bool classic_valid(const struct filter_insn *insns, uint32_t n);

// Whether a frame passes a valid program.
bool classic_pass(const struct filter_insn *insns, uint32_t n, const uint8_t *frame, uint32_t len);
