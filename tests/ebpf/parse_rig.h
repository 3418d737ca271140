// The XDP parser beside lib/packet's: the same frames go through both, and what they find is compared.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct parse_result;
struct fragment_table;

// What BPF_PROG_TEST_RUN takes.
#define RIG_LEN_MIN 14
#define RIG_LEN_MAX 60000

// One program with one set of options, and user space's parser with the same ones. Their fragments are
// their own.
struct parse_rig {
	uint32_t options; // enum tunnel, PARSE_DIRECT
	struct bpf_object *object;
	int program; // descriptor
	struct parse_result *result; // shared with the program
	struct fragment_table *fragments;
};

// First fragments that user space gave up for want of room: then what both find may differ.
uint64_t parse_rig_forgot(const struct parse_rig *r);

// Loads the program from the object file. Returns 0 or the kernel's -errno.
int parse_rig_open(struct parse_rig *r, const char *path, uint32_t options);
void parse_rig_close(struct parse_rig *r);

// Whether both find the same in a frame of RIG_LEN_MIN to RIG_LEN_MAX octets; says how not if `loud`.
// `linear`: octets in the frame's first piece, 0 as many as fit.
bool parse_rig_agrees(
	struct parse_rig *r, const uint8_t *frame, uint32_t len, uint32_t linear, int64_t time_us,
	bool loud
);

// The same, of two frames that should be alike but are not: to see that differences are seen.
bool parse_rig_agrees_on(
	struct parse_rig *r, const uint8_t *in_kernel, const uint8_t *in_user, uint32_t len,
	bool loud
);
