// Does nothing but parse, and adds up a little of what it found, so that it can be checked and the
// compiler leaves nothing out.

#include "xdp_bench.h"

#include "ebpf/parse.bpf.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

// In a section of its own: the parser has constants too.
const volatile struct xdp_bench_config config SEC(".rodata.config") = {.tunnels = 0};

// By processor.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdp_bench_state);
} states SEC(".maps");

SEC("xdp.frags")
int parse(struct xdp_md *ctx) {
	__u32 cpu = bpf_get_smp_processor_id();
	struct xdp_bench_state *state = bpf_map_lookup_elem(&states, &cpu);
	if (state == NULL)
		return XDP_ABORTED;
	struct parsed p;
	parse_frame(ctx, bpf_xdp_get_buff_len(ctx), config.tunnels, 0, 0, &p);
	if (p.reason != REASON_NONE) {
		state->refused++;
		return XDP_PASS;
	}
	state->turn++;
	state->octets += p.ip_len;
	state->ports += p.word[0] & 0xffff;
	return XDP_PASS;
}
