// What tests of programs in the kernel need of the machine they run on: root, rights to give up, and two
// processors.
#pragma once

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>

// What the manual says is enough to load programs.
#define XDP_TEST_RIGHTS (1ull << CAP_BPF | 1ull << CAP_NET_ADMIN)

// Whether the kernel can be asked at all; if not, the plan says so. From here on libbpf is silent.
bool xdp_test_ready(void);

// Leaves the process these capabilities (bits by CAP_*), for good. false: it may not.
bool xdp_test_keep_rights(uint64_t capabilities);

// Lets the calling thread run on one processor only. false: it may not.
bool xdp_test_pin(int cpu);

// Whether there are two, and the calling thread may run on either; it is on the first then.
bool xdp_test_two_processors(void);
