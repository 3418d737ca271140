// Which backends this build has.

#include "input_ops.h"

#include <errno.h>
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
	.check_built = input_xdp_check_built,
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

// As enum conf_backend numbers them; behind the first one in the order in which that tries them.
static const char *const names[] = {"auto", "dpdk", "xdp", "pcap"};

const char *input_backend_name(uint32_t backend) {
	return names[backend];
}

const struct input_ops *input_backend(const char *name) {
	for (const struct input_ops *const *b = backends; *b != NULL; b++)
		if (strcmp((*b)->name, name) == 0)
			return *b;
	return NULL;
}

const char *input_backend_cure(const char *name) {
	if (strcmp(name, "dpdk") == 0)
		return "install DPDK 22.11 or newer (Debian: libdpdk-dev) and build again with "
		       "-Ddpdk=enabled";
	return "install clang, libbpf 1.1 or newer and libxdp (Debian: clang libbpf-dev libxdp-dev) "
	       "and build again with -Debpf=enabled";
}

int input_check_built(const struct conf *conf, struct err *err) {
	const char *name = input_backend_name(conf->input.backend);
	const struct input_ops *b = input_backend(name);
	if (conf->input.backend == CONF_BACKEND_AUTO)
		return 0;
	if (b == NULL)
		return err_set(
			err, -ENOTSUP, "input.backend: %s: not part of this build (cure: %s)", name,
			input_backend_cure(name)
		);
	return b->check_built != NULL ? b->check_built(conf, err) : 0;
}
