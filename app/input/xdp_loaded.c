// The kernel's refusal to load a program says little; what is behind it is known nearly always.

#include "xdp_loaded.h"

#include "xdp_caps.h"
#include "xdp_refusal.h"

#include <bpf/libbpf.h>

#include <errno.h>
#include <string.h>

int xdp_load(struct bpf_object *object, struct err *err) {
	int rc = bpf_object__load(object);
	if (rc == 0)
		return 0;
	if (rc == -EPERM) // -EACCES is the verifier's
		return err_set(
			err, -EPERM,
			"no privilege to load an XDP program (cure: " XDP_RIGHTS_CURE ")"
		);
	// An older verifier follows branches that are not taken, unless we are trusted with that.
	if (rc == -EACCES && !xdp_caps_fast())
		return err_set(
			err, rc,
			"this kernel does not take the XDP program without CAP_PERFMON (cure: that "
			"capability too, setcap cap_bpf,cap_net_admin,cap_net_raw,cap_perfmon+ep on the "
			"program, AmbientCapabilities= in a systemd unit; newer kernels do without)"
		);
	return err_set(
		err, rc,
		"the kernel does not take the XDP program: %s (Linux 6.1 or newer with CONFIG_BPF_SYSCALL "
		"is needed; SLUICE_LOG=debug shows what it says)",
		strerror(-rc)
	);
}
