// Which backends this build has.

#include "input_ops.h"

#include <stddef.h>
#include <string.h>

#ifdef HAVE_DPDK
static const struct input_ops dpdk = {
	.name = "dpdk",
	.usable = input_dpdk_usable,
	.open = input_dpdk_open,
	.close = input_dpdk_close,
};
#endif

#ifdef HAVE_XDP
static const struct input_ops xdp = {
	.name = "xdp",
	.usable = input_xdp_usable,
	.open = input_xdp_open,
	.close = input_xdp_close,
};
#endif

static const struct input_ops pcap = {
	.name = "pcap",
	.usable = input_pcap_usable,
	.open = input_pcap_open,
	.close = input_pcap_close,
	.stop = input_pcap_stop,
	.waits = true,
};

static const struct input_ops *const backends[] = {
#ifdef HAVE_DPDK
	&dpdk,
#endif
#ifdef HAVE_XDP
	&xdp,
#endif
	&pcap,
	NULL,
};

const struct input_ops *input_backend(const char *name) {
	for (const struct input_ops *const *b = backends; *b != NULL; b++)
		if (strcmp((*b)->name, name) == 0)
			return *b;
	return NULL;
}
