// What does not go together with input.xdp_mode = kernel, where nothing but counters leaves the kernel. With
// backend = auto nobody knows yet who will take the devices.

#include "check.h"

bool conf_check_in_kernel(const struct conf_build *b) {
	const struct conf_slot *slot = conf_check_find(b, "input");
	return !slot->bad[conf_slot_key(slot, "backend")]
		&& !slot->bad[conf_slot_key(slot, "xdp_mode")]
		&& b->conf->input.backend == CONF_BACKEND_XDP
		&& b->conf->input.xdp_mode == CONF_XDP_KERNEL;
}

void conf_check_kernel(const struct conf_build *b, const struct conf_slot *slot) {
	if (conf_check_in_kernel(b) && b->conf->match.rules.n > 0)
		conf_check_refuse(
			b, slot, conf_slot_key(slot, "xdp_mode"),
			"payloads do not leave the kernel, so nothing can be matched (accepted: kernel "
			"with match.rules empty, or observe, redirect)"
		);
}
