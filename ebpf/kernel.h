// Kernel mode: what the XDP program that counts and the program that collects agree on. Counts lie in
// maps of lines of 64 octets, one map a pane, in it a region for each processor; fixed-width kernel
// types only.
#pragma once

#include <linux/types.h>

// Lines of a region: head, rest row, a line for each reason, then the list of slots in use, the rows, and
// the rows' IPv6 addresses.
#define KERNEL_LINE_HEAD 0
#define KERNEL_LINE_REST 1
#define KERNEL_LINE_REASONS 2
#define KERNEL_REASONS_MAX 32
#define KERNEL_LINE_USED (KERNEL_LINE_REASONS + KERNEL_REASONS_MAX)
#define KERNEL_USED_A_LINE 16

// Lines of a region with room for `slots` rows, a power of two of at least KERNEL_USED_A_LINE.
#define KERNEL_REGION_LINES(slots) (KERNEL_LINE_USED + (slots) / KERNEL_USED_A_LINE + 2 * (slots))
#define KERNEL_LINE_ROWS(slots) (KERNEL_LINE_USED + (slots) / KERNEL_USED_A_LINE)
#define KERNEL_LINE_IPV6(slots) (KERNEL_LINE_ROWS(slots) + (slots))

// Slots are searched by bpf_loop, which goes no further.
#define KERNEL_SLOTS_MAX (1u << 23)

// Frames that a region takes, so that no row's counter wraps.
#define KERNEL_FRAMES_MAX 0xffffffffull

#define KERNEL_NO_PANE (~0ull)

// Programs that others go on to: the two that the filter ends in, and the filter.
#define KERNEL_NEXT_PASSED 0
#define KERNEL_NEXT_REFUSED 1
#define KERNEL_NEXT_FILTER 2
#define KERNEL_NEXT_COUNT 3

struct kernel_line {
	__u64 word[8];
};

// First line. Written by the program, but for the start, which is set before the map is given to it.
struct kernel_head {
	__u64 start_ns; // of the pane, UTC; KERNEL_NO_PANE: none
	__u64 received; // frames
	__u64 bytes; // octets of them
	__u64 counted; // frames in rows and in the rest row
	__u32 used; // rows
	__u32 fill_a;
	__u64 fill_b[3];
};

#define KERNEL_OPENS 0x100 // as struct flow_row's
#define KERNEL_LAST_SHIFT 9

// A row, and the rest row. Times are nanoseconds from the pane's start.
struct kernel_row {
	__u32 head[7]; // as struct flow_row's; masked
	__u32 packets; // 0: the slot is free
	__u64 bytes;
	__u64 frame_bytes;
	__u64 first_ns;
	__u64 last_flags; // last time << KERNEL_LAST_SHIFT | KERNEL_OPENS | TCP flags of all packets
};

// Of each processor, outside the maps of panes.
struct kernel_state {
	__u64 newest_ns; // event time does not run backwards
	__u64 start_ns; // of the pane it was last in
	__u64 slot; // that pane's
	__u64 unplaced; // frames for whose time there was no map, or a region that takes no more
	__u64 unplaced_bytes;
	__u64 turn; // benchmarks: frames so far
	__u64 fill[10]; // lines are fetched in pairs
};

// For every processor; written by the collector.
struct kernel_clock {
	__u64 offset_ns; // UTC less CLOCK_MONOTONIC
	__u64 fill[7];
};

#define KERNEL_DIRECT (1u << 31) // the parser's PARSE_DIRECT

struct kernel_config {
	__u64 width_ns; // of a pane
	__u64 mask[8]; // of the key, as struct flow_key's words
	__u64 finish; // odd, secret
	__u32 nh[16]; // secret
	__u32 shift; // hash >> shift is a slot
	__u32 slots; // of a region
	__u32 limit; // rows that it may have
	__u32 region_lines;
	__u32 n_panes; // maps at a time
	__u32 tunnels; // enum tunnel, KERNEL_DIRECT
	__u32 in_port; // index of the interface in the configuration
	__u32 perturb; // benchmarks: so many keys, a power of two, made from one frame; 0: off
};
