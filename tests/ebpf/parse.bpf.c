// Parses a frame and writes down what was found, for a test to compare. Benchmarks run it too: it does
// nothing else.

#include "ebpf/parse.bpf.h"

#include "parse_result.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

// Written by the loader before the program is loaded, a constant to the verifier.
const volatile uint32_t options = TUNNEL_ALL | PARSE_DIRECT;

// Shared memory of the test and the program.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct parse_result);
} results SEC(".maps");

SEC("xdp.frags")
int parse(struct xdp_md *ctx) {
	uint32_t first = 0;
	struct parse_result *r = bpf_map_lookup_elem(&results, &first);
	if (r == NULL)
		return XDP_ABORTED;
	struct parsed p;
	parse_frame(ctx, bpf_xdp_get_buff_len(ctx), options, 3, r->time_ns, &p);
	for (int i = 0; i < 8; i++)
		r->word[i] = p.word[i];
	r->ip_len = p.ip_len;
	r->fragment_id = p.fragment_id;
	r->reason = p.reason;
	r->tcp_flags = p.tcp_flags;
	r->fragment = p.fragment;
	r->later = p.later;
	return XDP_PASS;
}
