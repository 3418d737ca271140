// Whose an XDP program is. What libxdp attaches outlives the process that attached it, so each program
// carries the mark by which others tell a program that was left behind from one that is in use.
#pragma once

#include <linux/types.h>

#define PROGRAM_OWNER_MAGIC 0x65637563u
#define PROGRAM_OWNER_MAP ".rodata.owner"

struct program_owner {
	__u32 magic; // PROGRAM_OWNER_MAGIC; anything else: the program goes with its process
	__u32 alive; // id of a map that is there as long as the owner is
	__u64 netns; // cookie of the network namespace
	__u32 ifindex; // the interface
	__u32 pid; // as the owner sees itself: for people
};

#ifdef __bpf__
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// Not read by the program: the kernel holds the map for it, and others find it there.
const volatile struct program_owner owner SEC(PROGRAM_OWNER_MAP) = {};
#endif
