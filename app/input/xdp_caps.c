// By libcap-ng. A build without it checks nothing ahead, so that the kernel's refusals say what is
// missing, and keeps what it was given.

#include "xdp_caps.h"

#include "base/log.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

bool xdp_caps_fast(void) {
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return (data[CAP_TO_INDEX(CAP_PERFMON)].effective & CAP_TO_MASK(CAP_PERFMON)) != 0
		|| (data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN)) != 0;
}

#ifdef HAVE_CAP_NG

#include <cap-ng.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAX_NEEDED 8

// In the order of importance; returns how many.
static uint32_t list(const struct xdp_caps *need, bool opening, uint32_t cap[MAX_NEEDED]) {
	uint32_t n = 0;
	cap[n++] = CAP_BPF;
	cap[n++] = CAP_NET_ADMIN;
	if (need->sockets)
		cap[n++] = CAP_NET_RAW;
	// A dispatcher's other programs are found by their numbers, and when one comes or goes they are
	// joined anew: the kernel wants this for the one, and accepts it for the other.
	if (need->shared)
		cap[n++] = CAP_SYS_ADMIN;
	if (opening)
		return n;
	// Lets the memory of sockets be locked, when they are opened again.
	if (need->sockets)
		cap[n++] = CAP_IPC_LOCK;
	// libxdp's pins are in root's folder.
	if (need->files || need->shared)
		cap[n++] = CAP_DAC_OVERRIDE;
	return n;
}

static bool has(uint32_t cap) {
	if (capng_have_capability(CAPNG_EFFECTIVE, cap))
		return true;
	return cap == CAP_BPF && capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
}

int xdp_caps_check(const struct xdp_caps *need, struct err *err) {
	uint32_t cap[MAX_NEEDED], n = list(need, true, cap);
	char missing[128] = "";
	if (capng_get_caps_process() < 0)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		size_t len = strlen(missing);
		if (!has(cap[i]))
			snprintf(
				missing + len, sizeof(missing) - len, "%scap_%s",
				len > 0 ? "," : "", capng_capability_to_name(cap[i])
			);
	}
	if (missing[0] == '\0')
		return 0;
	return err_set(
		err, -EPERM,
		"no privilege for XDP: %s %s missing (cure: run as root, or setcap "
		"cap_bpf,cap_net_admin,cap_net_raw%s+ep on the program, or AmbientCapabilities= in "
		"a systemd unit)",
		missing, strchr(missing, ',') != NULL ? "are" : "is",
		need->shared ? ",cap_sys_admin,cap_dac_override" : ""
	);
}

void xdp_caps_drop(const struct xdp_caps *need) {
	uint32_t cap[MAX_NEEDED], n = list(need, false, cap);
	if (capng_get_caps_process() < 0)
		return;
	bool held[MAX_NEEDED];
	for (uint32_t i = 0; i < n; i++)
		held[i] = capng_have_capability(CAPNG_PERMITTED, cap[i]);
	// Older kernels, and those who gave us no CAP_BPF, have it in CAP_SYS_ADMIN.
	bool admin = !held[0] && capng_have_capability(CAPNG_PERMITTED, CAP_SYS_ADMIN);
	// The bounding set too, where that is allowed: nothing that is executed gets more.
	bool bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
	for (uint32_t i = 0; i < n; i++)
		if (held[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap[i]);
	if (admin)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_SYS_ADMIN);
	if (capng_apply(bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0)
		log_warn("privileges that are not needed could not be dropped");
	else
		log_debug("privileges that are not needed were dropped");
}

#else

int xdp_caps_check(const struct xdp_caps *need, struct err *err) {
	return 0;
}

void xdp_caps_drop(const struct xdp_caps *need) {
	log_debug("this build keeps all privileges: it was made without libcap-ng");
}

#endif
