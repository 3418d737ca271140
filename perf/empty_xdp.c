// Attaches an XDP program that lets everything pass to an interface until its standard input ends: what
// there is to pay before a program does anything.

#include "bench.h"

#include <bpf/bpf.h>

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
	const struct bpf_insn body[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	char octet;
	if (argc != 2)
		bench_refuse("usage: empty_xdp INTERFACE");
	int interface = (int)if_nametoindex(argv[1]);
	if (interface == 0)
		bench_refuse("%s: %s", argv[1], strerror(errno));
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_XDP);
	int program = bpf_prog_load(BPF_PROG_TYPE_XDP, "empty", "GPL", body, 2, &load);
	LIBBPF_OPTS(bpf_link_create_opts, link, .flags = XDP_FLAGS_DRV_MODE);
	if (program < 0 || bpf_link_create(program, interface, BPF_XDP, &link) < 0)
		bench_refuse("%s: no native XDP: %s", argv[1], strerror(errno));
	while (read(STDIN_FILENO, &octet, 1) > 0)
		;
	return 0;
}
