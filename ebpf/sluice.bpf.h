// What the XDP programs and the program that loads them agree on. Fixed-width kernel types only, so
// that both sides lay it out alike.
#pragma once

#include <linux/types.h>

// ---- observe: frames copied to ring buffers, one for each processor ----

// What a ring record begins with; `cap_len` octets of the frame follow.
struct observe_frame {
	__u64 time_ns; // CLOCK_MONOTONIC, when the program saw the frame
	__u32 wire_len; // octets of the frame
	__u32 cap_len; // octets of it that were copied: at most the snap length
	__u32 queue; // receive queue
	__u32 in_port; // index of the interface in the configuration
	__u8 data[];
};

// What the loader tells one interface's program.
struct observe_config {
	__u32 in_port; // index of the interface in the configuration
	__u32 snaplen; // 1 .. OBSERVE_SNAPLEN_MAX
	__u64 wake_octets; // a reader that sleeps is woken when its ring holds more
};

// bpf_xdp_load_bytes does not go further.
#define OBSERVE_SNAPLEN_MAX 65535

// A reservation must be of a size that the verifier knows: octets of a frame that each class holds.
// With the kernel's 8 octets ahead of a record none is smaller than OBSERVE_RECORD_MIN.
#define OBSERVE_CLASSES(X) \
	X(96)              \
	X(224)             \
	X(480)             \
	X(992)             \
	X(1568)            \
	X(2048)            \
	X(4096)            \
	X(9216)            \
	X(16384)           \
	X(32768)           \
	X(65536)
#define OBSERVE_RECORD_MIN 128

// Shared memory of the program and the reader of one ring: a cache line each.
struct observe_state {
	__u64 full; // frames that found no room; the program's
	__u64 unread; // frames that could not be read; the program's
	__u64 fill_a[6];
	__u32 waiting; // the reader sleeps: set by it, cleared by the program that wakes it
	__u32 fill_b[15];
};
