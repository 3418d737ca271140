// One address, network or range of addresses; one port or range of ports.
#pragma once

#include "snort_fault.h"
#include "snort_sum.h"
#include "snort_text.h"

// Adds to named[] or, `negated`, to negated[]. Returns 0, -EINVAL (fault told), -E2BIG or -ENOMEM.
// Accepted: any, 10.0.0.1, 10.0.0.0/8, 10.0.0.0/255.0.0.0, 10.0.0.1-10.0.0.9, the same of IPv6.
int snort_atom_address(
	struct snort_sum *sum, struct snort_text text, bool negated, struct snort_fault *fault
);

// Accepted: any, 80, 80:90, 1024:, :1023.
int snort_atom_port(
	struct snort_sum *sum, struct snort_text text, bool negated, struct snort_fault *fault
);
