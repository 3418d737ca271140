// The kernel's refusal to load a program says little; what is behind it is known nearly always.

#include "xdp_loaded.h"

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
	return err_set(
		err, rc,
		"the kernel does not take the XDP program: %s (Linux 6.1 or newer with CONFIG_BPF_SYSCALL "
		"is needed; SLUICE_LOG=debug shows what it says)",
		strerror(-rc)
	);
}
