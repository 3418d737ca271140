// The flood's sender: makes the frame that it is run on the next flow's and gives it to the interface, as
// a driver would (BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES).

#include "xdp_bench.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct xdp_flood_config config = {.flows = 1};

// One sender: nobody else writes to it.
static struct xdp_flood_state state;

SEC("xdp")
int flood(struct xdp_md *ctx) {
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct udphdr *udp = (void *)(ip + 1);
	if ((void *)(udp + 1) > end)
		return XDP_DROP;
	__u32 flow = (__u32)state.turn++ * 2654435761u & (config.flows - 1);
	// The header's sum is known for the first flow.
	__u32 sum = config.sum + flow;
	sum = (sum & 0xffff) + (sum >> 16);
	ip->saddr = bpf_htonl(config.address + flow);
	ip->check = bpf_htons(~sum);
	udp->source = bpf_htons(config.port + flow);
	return bpf_redirect(config.interface, 0);
}
