// What the program of parse.bpf.c and its test share.
#pragma once

#include <stdint.h>

struct parse_result {
	uint64_t time_ns; // of the frame; by the test
	// by the program
	uint64_t word[8]; // struct flow_key
	uint32_t ip_len;
	uint32_t fragment_id;
	uint8_t reason;
	uint8_t tcp_flags;
	uint8_t fragment;
	uint8_t later;
};
