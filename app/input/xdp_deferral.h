// Putting off an interface's interrupts while somebody busy polls: the driver leaves them off as long as
// its receive loop is run often enough. For a run; what was there is put back.
#pragma once

#include "xdp_interface.h"

#include "base/err.h"

#include <net/if.h>
#include <stdbool.h>

// Files of an interface in /sys.
enum xdp_deferral_file {
	XDP_DEFERRAL_IRQS, // times that the loop may find nothing before interrupts are on again
	XDP_DEFERRAL_TIMEOUT, // until the kernel runs the loop if nobody else does, in nanoseconds
	XDP_DEFERRAL_FILES
};

// All zero: nothing was set. One thread at a time.
struct xdp_deferral {
	char interface[IF_NAMESIZE];
	int ifindex;
	bool changed[XDP_DEFERRAL_FILES];
	unsigned long before[XDP_DEFERRAL_FILES];
};

// Sets both files, unless somebody has chosen both already. 0, or -errno with the reason and the cure in
// err: then nothing is set.
int xdp_deferral_begin(struct xdp_deferral *d, const struct xdp_interface *itf, struct err *err);

// Puts back what was there, if the interface is the same and nobody else changed it meanwhile.
void xdp_deferral_end(struct xdp_deferral *d);
