// The program writes what it found into shared memory; user space's parser is asked right after.

#include "parse_rig.h"

#include "packet/fragment.h"
#include "packet/link.h"
#include "packet/parse.h"
#include "packet/verdict.h"

#include "parse_result.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// So many that none is given up: which one is, each side decides for itself.
#define FRAGMENTS (1 << 20)

#define IN_PORT 3

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap) {
	return 0;
}

int parse_rig_open(struct parse_rig *r, const char *path, uint32_t options) {
	memset(r, 0, sizeof(*r));
	r->options = options;
	libbpf_set_print(silent);
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	r->fragments = fragment_table_new(FRAGMENTS, &seed);
	if (r->fragments == NULL)
		return -ENOMEM;
	r->object = bpf_object__open_file(path, NULL);
	if (r->object == NULL)
		return -errno;
	struct bpf_map *rodata = bpf_object__find_map_by_name(r->object, ".rodata");
	size_t size = 0;
	if (rodata == NULL || bpf_map__initial_value(rodata, &size) == NULL
	    || size != sizeof(options) || bpf_map__set_initial_value(rodata, &options, size) < 0)
		return -EINVAL;
	int ret = bpf_object__load(r->object);
	if (ret < 0)
		return ret;
	struct bpf_program *program = bpf_object__find_program_by_name(r->object, "parse");
	struct bpf_map *results = bpf_object__find_map_by_name(r->object, "results");
	if (program == NULL || results == NULL)
		return -ENOENT;
	r->program = bpf_program__fd(program);
	void *shared = mmap(
		NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
		bpf_map__fd(results), 0
	);
	if (shared == MAP_FAILED)
		return -errno;
	r->result = shared;
	return 0;
}

void parse_rig_close(struct parse_rig *r) {
	if (r->result != NULL)
		munmap(r->result, (size_t)sysconf(_SC_PAGESIZE));
	bpf_object__close(r->object);
	fragment_table_free(r->fragments);
}

uint64_t parse_rig_forgot(const struct parse_rig *r) {
	return fragment_table_stats(r->fragments).evicted;
}

static bool in_kernel(
	struct parse_rig *r, const uint8_t *frame, uint32_t len, uint32_t linear, int64_t time_us
) {
	struct xdp_md ctx = {.data_end = linear < len ? linear : len};
	LIBBPF_OPTS(
		bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .repeat = 1,
		.ctx_in = linear > 0 ? &ctx : NULL, .ctx_size_in = linear > 0 ? sizeof(ctx) : 0
	);
	memset(r->result, 0xa5, sizeof(*r->result));
	r->result->time_ns = (uint64_t)time_us * 1000;
	return bpf_prog_test_run_opts(r->program, &opts) == 0 && opts.retval == XDP_PASS;
}

// What user space finds, laid down as the program does.
static void in_user_space(
	struct parse_rig *r, const uint8_t *frame, uint32_t len, int64_t time_us,
	struct parse_result *to
) {
	struct parser p = {.tunnels = r->options & TUNNEL_ALL, .fragments = r->fragments};
	struct packet pkt = {
		.data = frame,
		.head_len = len,
		.cap_len = len,
		.wire_len = len,
		.time_us = time_us,
		.link = LINK_ETHERNET,
		.in_port = IN_PORT,
	};
	struct flow_key key;
	parse_packet(&p, &pkt, &key);
	memset(to, 0, sizeof(*to));
	to->time_ns = (uint64_t)time_us * 1000;
	memcpy(to->word, &key, sizeof(key));
	to->ip_len = pkt.ip_len;
	to->reason = pkt.reason;
	to->tcp_flags = pkt.reason == REASON_NONE ? pkt.tcp_flags : 0;
	to->fragment = (pkt.flags & PACKET_FRAGMENT) != 0;
	to->fragment_id = to->fragment ? (uint32_t)pkt.fragment_id : 0;
}

static bool same(const struct parse_result *a, const struct parse_result *b) {
	return memcmp(a->word, b->word, sizeof(a->word)) == 0 && a->ip_len == b->ip_len
		&& a->reason == b->reason && a->tcp_flags == b->tcp_flags
		&& a->fragment == b->fragment && a->fragment_id == b->fragment_id
		&& a->later <= a->fragment;
}

static void show(const char *whose, const struct parse_result *r) {
	const char *reason = r->reason == REASON_NONE ? "counted" : reason_name(r->reason);
	printf("#   %s: %s, IP length %u, TCP flags %02x, fragment %u id %u, key", whose,
	       reason != NULL ? reason : "?", r->ip_len, r->tcp_flags, r->fragment, r->fragment_id);
	for (int i = 0; i < 8; i++)
		printf(" %016llx", (unsigned long long)r->word[i]);
	printf("\n");
}

static bool
agree(struct parse_rig *r, const uint8_t *a, const uint8_t *b, uint32_t len, uint32_t linear,
      int64_t time_us, bool loud) {
	struct parse_result want;
	bool ran = in_kernel(r, a, len, linear, time_us);
	in_user_space(r, b, len, time_us, &want);
	if (ran && same(r->result, &want))
		return true;
	if (!loud)
		return false;
	printf("# options %08x, %u octets, %u in the first piece (0: what fits)%s\n#   ",
	       r->options, len, linear, ran ? "" : ": the kernel does not run it");
	for (uint32_t i = 0; i < len && i < 256; i++)
		printf("%02x", a[i]);
	printf("%s\n", len > 256 ? "..." : "");
	show("XDP", r->result);
	show("lib/packet", &want);
	return false;
}

bool parse_rig_agrees(
	struct parse_rig *r, const uint8_t *frame, uint32_t len, uint32_t linear, int64_t time_us,
	bool loud
) {
	return agree(r, frame, frame, len, linear, time_us, loud);
}

bool parse_rig_agrees_on(
	struct parse_rig *r, const uint8_t *in_kernel_frame, const uint8_t *in_user, uint32_t len,
	bool loud
) {
	return agree(r, in_kernel_frame, in_user, len, 0, 0, loud);
}
