// Kernel mode: each frame is parsed and counted here, in the processor's own part of its pane's map, and
// passed on. The collector takes a pane's map away by putting another in its place and reads it then.

#include "owner.h"
#include "parse.bpf.h"
#include "table.bpf.h"

#include "packet/verdict.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

_Static_assert(KERNEL_DIRECT == PARSE_DIRECT, "the parser's option");

char LICENSE[] SEC("license") = "Dual BSD/GPL";

// Written by the loader before the program is loaded, constants to the verifier.
const volatile struct kernel_config config = {.slots = 1024, .n_panes = 1};

// By the pane's number modulo their number. The loader sets the size, and what the maps are like.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct pane_map);
} panes SEC(".maps");

// By processor.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kernel_state);
} states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kernel_clock);
} clock SEC(".maps");

// The filter, a program made when the expression is known, runs between `filtered` and the other two.
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, KERNEL_NEXT_COUNT);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

// Frames that did not get there, or came by a processor that has no region because it was added while we
// run. As a rule it stands still.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

static __always_inline int lose(void) {
	__u32 first = 0;
	__u64 *count = bpf_map_lookup_elem(&lost, &first);
	if (count != NULL)
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

static __always_inline __u64 event_time(struct kernel_state *state) {
	__u32 first = 0;
	struct kernel_clock *c = bpf_map_lookup_elem(&clock, &first);
	__u64 now = bpf_ktime_get_ns() + (c != NULL ? c->offset_ns : 0);
	if (now < state->newest_ns)
		return state->newest_ns;
	state->newest_ns = now;
	return now;
}

// The region of this processor in the map of the pane that holds `now`. A map carries the start of its
// pane: between looking up where it should be and finding it there it may have been replaced.
static __always_inline struct kernel_head *
find_pane(struct kernel_state *state, __u64 now, struct table *table) {
	if (now - state->start_ns >= config.width_ns) {
		__u64 pane = now / config.width_ns;
		state->start_ns = pane * config.width_ns;
		state->slot = pane % config.n_panes;
	}
	__u32 slot = state->slot;
	table->map = bpf_map_lookup_elem(&panes, &slot);
	if (table->map == NULL)
		return NULL;
	struct kernel_head *head = (void *)table_line(table, KERNEL_LINE_HEAD);
	if (head == NULL || head->start_ns != state->start_ns)
		return NULL;
	return head->received < KERNEL_FRAMES_MAX ? head : NULL;
}

// For benchmarks, which can only repeat one frame: makes many flows of it.
static __always_inline void perturb(struct kernel_state *state, struct parsed *p) {
	__u64 x = (state->turn++ * 0x9e3779b97f4a7c15) >> 32 & (config.perturb - 1);
	p->key.src_port ^= (__u16)x;
	p->key.src4[0] ^= (__u8)(x >> 16);
}

static __always_inline void refuse(const struct table *table, __u32 reason) {
	struct kernel_line *line = table_line(
		table, KERNEL_LINE_REASONS + (reason & (KERNEL_REASONS_MAX - 1))
	);
	if (line != NULL)
		line->word[0]++;
}

static __always_inline void
count(const struct table *table, struct kernel_head *head, struct parsed *p, __u64 at_ns,
      __u32 len) {
	for (int i = 0; i < 4; i++)
		p->word[i] &= config.mask[i];
	if (KEY_IS_IPV6(p->word))
		for (int i = 4; i < 8; i++)
			p->word[i] &= config.mask[i];
	struct kernel_row *row = table_find_insert(table, (const __u64 *)p->word);
	if (row == NULL)
		row = (void *)table_line(table, KERNEL_LINE_REST);
	if (row == NULL)
		return;
	row_count(row, at_ns, p->ip_len, len, p->tcp_flags);
	head->counted++;
}

static __always_inline int observe(struct xdp_md *ctx, int passes) {
	__u32 cpu = bpf_get_smp_processor_id();
	struct kernel_state *state = bpf_map_lookup_elem(&states, &cpu);
	if (state == NULL)
		return lose();
	struct table table = {.base = cpu * config.region_lines, .config = &config};
	__u32 len = bpf_xdp_get_buff_len(ctx);
	__u64 now = event_time(state);
	struct kernel_head *head = find_pane(state, now, &table);
	if (head == NULL) {
		// We may have been held up since the clock was read.
		now = event_time(state);
		head = find_pane(state, now, &table);
	}
	if (head == NULL) {
		state->unplaced++;
		state->unplaced_bytes += len;
		return XDP_PASS;
	}
	struct parsed p;
	parse_frame(ctx, len, config.tunnels, config.in_port, now, &p);
	if (config.perturb != 0)
		perturb(state, &p);
	head->received++;
	head->bytes += len;
	if (p.reason != REASON_NONE)
		refuse(&table, p.reason);
	else if (!passes)
		refuse(&table, REASON_FILTER);
	else
		count(&table, head, &p, now - state->start_ns, len);
	return XDP_PASS;
}

// Without a filter, or behind one that the frame passes.
SEC("xdp.frags")
int passed(struct xdp_md *ctx) {
	return observe(ctx, 1);
}

// Behind a filter that the frame does not pass: what is malformed or not IP counts as that first.
SEC("xdp.frags")
int refused(struct xdp_md *ctx) {
	return observe(ctx, 0);
}

// Where there is a filter, the first program.
SEC("xdp.frags")
int filtered(struct xdp_md *ctx) {
	bpf_tail_call(ctx, &next, KERNEL_NEXT_FILTER);
	return lose();
}
