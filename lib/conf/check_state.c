// What goes together with checkpoints: what can be read and written again from one on.

#include "check.h"

#include <stdio.h>
#include <string.h>

// Whether checkpoints are asked for, as far as it could be read.
bool conf_check_keeps_state(const struct conf_build *b) {
	const struct conf_slot *state = conf_check_find(b, "state");
	return !state->bad[conf_slot_key(state, "path")] && b->conf->state.path[0] != '\0';
}

// What went to standard output cannot be taken back, nor standard input be read a second time.
static void check_input(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_input *input = slot->base;
	uint32_t device = conf_slot_key(slot, "device");
	if (slot->bad[device] || !conf_check_keeps_state(b))
		return;
	for (uint32_t i = 0; i < input->device.n; i++)
		if (strcmp(input->device.item[i], "-") == 0)
			conf_check_refuse(
				b, slot, device,
				"with state.path standard input could not be read again from a "
				"checkpoint on (accepted: files)"
			);
}

void conf_check_kept(const struct conf_build *b, const struct conf_slot *slot) {
	if (conf_check_is(slot, "input"))
		check_input(b, slot);
}
