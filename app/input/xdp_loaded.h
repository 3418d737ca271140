// A program that was loaded, with what it takes to load it once more: to run behind a dispatcher it must
// be loaded as a part of that, which is another program to the kernel.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct bpf_object;

// All borrowed, and there as long as the program is attached.
struct xdp_loaded {
	struct bpf_object *object; // its maps are the program's, however often it is loaded
	const char *name; // of the program in it
	const void *image; // what the object was opened from
	size_t octets;
	bool goes_on; // to other programs, by tail calls
};

// Loads an opened object (bpf_object__load): 0 or -errno, with what is missing and the cure in err.
int xdp_load(struct bpf_object *object, struct err *err);
