// A minimal 5-tuple counter as most begin it, over the kernel's own hash maps: find or insert, add a
// packet and its octets.

#include "xdp_minimal.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct xdp_bench_config config = {.perturb = 1};

// The loader sets the sizes.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, struct xdp_bench_key);
	__type(value, struct xdp_bench_count);
} own SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct xdp_bench_key);
	__type(value, struct xdp_bench_count);
} shared SEC(".maps");

// The key of the next flow; returns the IP packet's octets.
static __always_inline __u32 next(struct xdp_md *ctx, struct xdp_bench_key *key) {
	struct xdp_bench_state *state = bench_state();
	__u32 bytes = minimal_parse(ctx, key);
	if (state == NULL || bytes == 0)
		return 0;
	key->src_port ^= xdp_bench_perturb(state->turn++, config.perturb);
	return bytes;
}

SEC("xdp.frags")
int percpu(struct xdp_md *ctx) {
	struct xdp_bench_key key = {0};
	__u32 bytes = next(ctx, &key);
	if (bytes == 0)
		return XDP_PASS;
	struct xdp_bench_count *count = bpf_map_lookup_elem(&own, &key);
	if (count != NULL) {
		count->packets++;
		count->bytes += bytes;
		return XDP_PASS;
	}
	struct xdp_bench_count first = {.packets = 1, .bytes = bytes};
	bpf_map_update_elem(&own, &key, &first, BPF_NOEXIST);
	return XDP_PASS;
}

SEC("xdp.frags")
int hash(struct xdp_md *ctx) {
	struct xdp_bench_key key = {0};
	__u32 bytes = next(ctx, &key);
	if (bytes == 0)
		return XDP_PASS;
	struct xdp_bench_count *count = bpf_map_lookup_elem(&shared, &key);
	if (count != NULL) {
		__sync_fetch_and_add(&count->packets, 1);
		__sync_fetch_and_add(&count->bytes, bytes);
		return XDP_PASS;
	}
	struct xdp_bench_count first = {.packets = 1, .bytes = bytes};
	bpf_map_update_elem(&shared, &key, &first, BPF_NOEXIST);
	return XDP_PASS;
}
