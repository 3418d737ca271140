// Kernel mode without an interface: its programs are run by the kernel on frames made here
// (BPF_PROG_TEST_RUN), and what the source gives out is kept, and held against what a source promises.
#pragma once

#include "app/input/xdp_kernel.h"
#include "app/input/xdp_watch.h"

#include "base/live_clock.h"
#include "pipeline/count_source.h"

#include <stdbool.h>
#include <stdint.h>

struct frame;

// Threads may run frames while one thread uses the rest.
struct kernel_rig {
	struct xdp_kernel *kernel; // owned
	struct count_source *source; // owned
	struct xdp_watch watch; // of no interfaces
	struct live_clock clock; // tended by each recv
	int program[4]; // descriptors, by interface
	int64_t width_us;
	// what came out
	struct counted *row; // owned
	uint32_t n_rows;
	uint32_t room;
	struct tally tally; // as the collector has it: rows' packets under REASON_NONE
	const char *broken; // a promise that was; NULL: none
	struct err err;
};

// 0, or negative with the text in `err`. In any case to be closed.
int kernel_rig_open(struct kernel_rig *r, const struct xdp_kernel_config *c);

// The same; ends the test where the kernel does not take it.
void kernel_rig_begin(struct kernel_rig *r, const struct xdp_kernel_config *c);

// Fails the test if a promise was broken.
void kernel_rig_close(struct kernel_rig *r);

// Runs an interface's program on a frame, `repeat` times. Whether the kernel did and the frame passed.
bool kernel_rig_run(
	const struct kernel_rig *r, uint32_t program, const void *frame, uint32_t len, int repeat
);

// One recv of the source. What it returned.
int kernel_rig_recv(struct kernel_rig *r);

// Stops the source and takes all that comes out. What the last recv returned.
int kernel_rig_stop(struct kernel_rig *r);

// Forgets what came out.
void kernel_rig_forget(struct kernel_rig *r);

// All rows added up, or only those of what found no row.
struct counted kernel_rig_sum(const struct kernel_rig *r, bool rest);

// Of what came out, frames that were in no row, by reason.
uint64_t kernel_rig_refused(const struct kernel_rig *r, enum reason reason);

// UTC as the program sees it, set by so much from its true time.
void kernel_rig_set_utc(int64_t by_ns);
