// Ethernet frames to try filters on: made here, of the project's own captures and fuzz corpus, and a sample
// of the captures beside the project.
#pragma once

#include <stdint.h>

struct filter_frames {
	struct filter_frame {
		uint8_t *data;
		uint32_t len; // 14 or more: the kernel runs nothing shorter
	} * frame;
	uint32_t n;
	uint32_t capacity;
	uint32_t n_own; // without those beside the project
	uint32_t n_long; // were left out because the kernel does not run them
};

// Takes all there are; each frame once. Exits when the project's own are not there.
void filter_frames_init(struct filter_frames *f);
void filter_frames_fini(struct filter_frames *f);
