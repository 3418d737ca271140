// The front half of a minimal counter: Ethernet, IPv4 without options, ports; nothing else is looked at,
// and what is not that is passed on uncounted.
#pragma once

#include "xdp_bench.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// By processor.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xdp_bench_state);
} states SEC(".maps");

static __always_inline struct xdp_bench_state *bench_state(void) {
	__u32 cpu = bpf_get_smp_processor_id();
	return bpf_map_lookup_elem(&states, &cpu);
}

// Fills in the key; returns the IP packet's octets, 0: not such a frame.
static __always_inline __u32 minimal_parse(struct xdp_md *ctx, struct xdp_bench_key *key) {
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *ports = (void *)(ip + 1);
	if ((void *)(ports + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
		return 0;
	key->src = ip->saddr;
	key->dst = ip->daddr;
	key->src_port = ports->source;
	key->dst_port = ports->dest;
	key->proto = ip->protocol;
	return bpf_ntohs(ip->tot_len);
}
