// Observe mode: copies each frame, up to the snap length, to the ring buffer of this processor and
// lets it pass. The host works on as if nothing was there; what finds no room is counted.

#include "owner.h"
#include "sluice.bpf.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

// Written by the loader before the program is loaded, constants to the verifier.
const volatile struct observe_config config = {.snaplen = 2048};

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

// By processor; several may share a ring. The loader sets the sizes and fills in the rings.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct ring);
} rings SEC(".maps");

// By processor too.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct observe_state);
} states SEC(".maps");

// The compiler must not know what it knows: the verifier wants to see the check. It is one comparison
// of the last octet's number: from `len != 0` a verifier of Linux 6.1 learns nothing.
#define HIDE(x) asm volatile("" : "+r"(x))

// Frames of the smallest class.
#define SHORT 96

// Octets four at a time, in place: less than half of what the kernel's copying costs so few. False: not
// such a frame, or one in several pieces.
static __always_inline int copy_short(struct xdp_md *ctx, struct observe_frame *f, __u64 len) {
	const __u32 *from = (const void *)(long)ctx->data, *end = (const void *)(long)ctx->data_end;
	__u32 *to = (__u32 *)f->data;
	__u32 n = 0;
#pragma unroll
	for (int i = 0; i < SHORT / 4; i++) {
		if (from + i + 1 > end)
			break;
		to[i] = from[i];
		n = (i + 1) * 4;
	}
	return n == len;
}

static __always_inline int
copy_long(struct xdp_md *ctx, struct observe_frame *f, __u64 len, __u64 size) {
	__u64 last = len - 1;
	HIDE(last);
	return last < size && bpf_xdp_load_bytes(ctx, 0, f->data, last + 1) == 0;
}

// Fills in a record of one class and gives it away.
#define COPY(size)                                                                           \
	if (len <= (size)) {                                                                 \
		struct observe_frame *f = bpf_ringbuf_reserve(ring, sizeof(*f) + (size), 0); \
		if (f == NULL) {                                                             \
			__sync_fetch_and_add(&state->full, 1);                               \
			return XDP_PASS;                                                     \
		}                                                                            \
		f->time_ns = now;                                                            \
		f->wire_len = wire_len;                                                      \
		f->cap_len = len;                                                            \
		f->queue = ctx->rx_queue_index;                                              \
		f->in_port = config.in_port;                                                 \
		if (((size) > SHORT || !copy_short(ctx, f, len))                             \
		    && !copy_long(ctx, f, len, (size))) {                                    \
			bpf_ringbuf_discard(f, BPF_RB_NO_WAKEUP);                            \
			__sync_fetch_and_add(&state->unread, 1);                             \
			return XDP_PASS;                                                     \
		}                                                                            \
		bpf_ringbuf_submit(f, wake(state, ring));                                    \
		return XDP_PASS;                                                             \
	}

// A wake-up costs more than a frame, and a reader that sleeps looks again within a millisecond: it is
// woken, once, when the ring would not hold out so long.
static __always_inline __u64 wake(struct observe_state *state, void *ring) {
	if (state->waiting == 0 || bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) < config.wake_octets)
		return BPF_RB_NO_WAKEUP;
	state->waiting = 0;
	return BPF_RB_FORCE_WAKEUP;
}

SEC("xdp.frags")
int observe(struct xdp_md *ctx) {
	__u64 now = bpf_ktime_get_ns();
	__u32 cpu = bpf_get_smp_processor_id();
	struct observe_state *state = bpf_map_lookup_elem(&states, &cpu);
	void *ring = bpf_map_lookup_elem(&rings, &cpu);
	if (state == NULL || ring == NULL)
		return XDP_PASS;
	// 64 bits: of a shorter number the compiler compares a copy that it has widened, and the
	// verifier learns nothing about the one that is used.
	__u64 wire_len = bpf_xdp_get_buff_len(ctx);
	__u64 len = wire_len < config.snaplen ? wire_len : config.snaplen;
	OBSERVE_CLASSES(COPY)
	return XDP_PASS;
}
