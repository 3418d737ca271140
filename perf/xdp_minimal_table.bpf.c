// The minimal 5-tuple counter over the table that kernel mode counts in (ebpf/table.bpf.h), in one map:
// no panes, no flags, no ledger. With and without the time of a row's first and last packet, which is
// what reading the clock costs.

#include "xdp_minimal.bpf.h"

#include "ebpf/table.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct kernel_config config = {.slots = 1024, .perturb = 1};

// The loader sets the size.
struct pane_map rows SEC(".maps");

static __always_inline int count(struct xdp_md *ctx, int timed) {
	struct xdp_bench_key tuple = {0};
	struct xdp_bench_state *state = bench_state();
	__u32 bytes = minimal_parse(ctx, &tuple);
	if (state == NULL || bytes == 0)
		return XDP_PASS;
	tuple.src_port ^= xdp_bench_perturb(state->turn++, config.perturb);
	// The words that a struct flow_key begins with.
	__u64 key[4] = {
		tuple.src_port | (__u32)tuple.dst_port << 16 | (__u64)tuple.proto << 32
			| (__u64)KEY_V4 << 48,
		0,
		(__u64)tuple.src << 32,
		tuple.dst,
	};
	struct table table = {
		.map = &rows,
		.base = bpf_get_smp_processor_id() * config.region_lines,
		.config = &config,
	};
	struct kernel_row *row = table_find_insert(&table, key);
	if (row == NULL)
		return XDP_PASS;
	if (timed) {
		__u64 now = bpf_ktime_get_ns();
		if (row->packets == 0)
			row->first_ns = now;
		row->last_flags = now << KERNEL_LAST_SHIFT;
	}
	row->packets++;
	row->bytes += bytes;
	return XDP_PASS;
}

SEC("xdp.frags")
int table(struct xdp_md *ctx) {
	return count(ctx, 0);
}

SEC("xdp.frags")
int timed(struct xdp_md *ctx) {
	return count(ctx, 1);
}
