// Redirect mode: every frame goes to the AF_XDP socket of the receive queue it came in by. What finds
// no socket there goes on to the host, and is counted.

#include "owner.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

// By receive queue. The loader sets the size and fills in the sockets.
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

// Frames that went by. One counter for all processors: as a rule it stands still.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} unserved SEC(".maps");

SEC("xdp.frags")
int redirect(struct xdp_md *ctx) {
	long verdict = bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);
	if (verdict == XDP_REDIRECT)
		return XDP_REDIRECT;
	__u32 first = 0;
	__u64 *count = bpf_map_lookup_elem(&unserved, &first);
	if (count != NULL)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}
