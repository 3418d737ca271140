// The parser inside XDP: lib/packet's walk over the frame of a program's context, behind a short way
// for the frames that make up nearly all traffic. It gives what lib/packet gives for the same octets.
#pragma once

#include "parse_fast.bpf.h"
#include "parse_fragment.bpf.h"
#include "parsed.bpf.h"

#include "packet/parse_steps.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <stdbool.h>
#include <stdint.h>

// A walk's memory. In a map: the verifier takes for unknown what it reads there, so it looks at each step
// once and not at each way to come to it, and the stack stays free.
struct parse_scratch {
	struct flow_key key;
	struct walk walk;
	_Alignas(8) uint8_t octets[PARSE_READ_MAX];
	struct fragment_scratch fragment;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct parse_scratch);
} parse_scratch SEC(".maps");

// The verifier wants to know that an offset is one that a frame can have.
#define DIRECT_MAX 0x3fff

struct parse_task {
	struct xdp_md *ctx;
	struct parse_scratch *scratch;
	uint64_t options; // enum tunnel, PARSE_DIRECT; a constant to the verifier
};

// The compiler must not know what it knows: the verifier wants to see the check of the very number or
// pointer that is used.
#define HIDE(x) asm volatile("" : "+r"(x))

// The octets lie in the frame's first piece as a rule; elsewhere they are copied from. Like parse_fast,
// takes them for aligned.
PARSE_INLINE const uint8_t *task_read(const struct parse_task *t, uint32_t off, uint32_t n) {
	uint64_t ahead = off;
	HIDE(ahead);
	if (t->options & PARSE_DIRECT && ahead <= DIRECT_MAX) {
		const uint8_t *at = (const uint8_t *)(long)t->ctx->data + ahead;
		HIDE(at);
		if (at + n <= (const uint8_t *)(long)t->ctx->data_end)
			return __builtin_assume_aligned(at, 8);
	}
	uint8_t *to = t->scratch->octets;
	return bpf_xdp_load_bytes(t->ctx, off, to, n) == 0 ? __builtin_assume_aligned(to, 8) : NULL;
}

PARSE_INLINE struct flow_key *task_key(const struct parse_task *t) {
	return &t->scratch->key;
}

PARSE_INLINE uint32_t task_tunnels(const struct parse_task *t) {
	return (uint32_t)t->options & TUNNEL_ALL;
}

// More than any walk has: a step is an octet at the least, or one of PARSE_MAX_HEADERS.
#define PARSE_STEPS_MAX (1 << 18)

static long parse_step(uint32_t i, struct parse_task *t) {
	return !walk_on(&t->scratch->walk, t);
}

// A function of its own, so that its stack is not the caller's for the rest of the way.
static __attribute__((noinline)) int parse_general(
	struct xdp_md *ctx, uint32_t len, uint32_t options, uint64_t time_ns, struct parsed *out
) {
	uint32_t first = 0;
	struct parse_task t = {.ctx = ctx, .options = options};
	t.scratch = bpf_map_lookup_elem(&parse_scratch, &first);
	__builtin_memset(out, 0, sizeof(*out));
	if (t.scratch == NULL) {
		out->reason = REASON_NOT_IP; // there is always one
		return 0;
	}
	struct walk *w = &t.scratch->walk;
	struct flow_key *key = &t.scratch->key;
	__builtin_memset(t.scratch, 0, offsetof(struct parse_scratch, octets));
	w->c.avail = len;
	w->c.end = len;
	w->step = STEP_ETHERNET;
	bpf_loop(PARSE_STEPS_MAX, parse_step, &t, 0);
	if (walk_has_l4(w))
		walk_l4(w, &t);
	enum reason reason = walk_conclude(w, &t);
	out->reason = (uint8_t)reason;
	if (reason != REASON_NONE)
		return 0;
	if (w->fragment) {
		out->fragment = 1;
		out->later = w->later;
		out->fragment_id = w->id;
		if (w->later)
			fragment_get(&t.scratch->fragment, key, w->id, time_ns / 1000);
		else
			fragment_put(&t.scratch->fragment, key, w->id, time_ns / 1000);
	}
	out->key = *key;
	out->ip_len = w->ip_len;
	out->tcp_flags = w->tcp_flags;
	return 0;
}

// Parses the frame of `ctx`, `len` octets long (bpf_xdp_get_buff_len). `options` are tunnels (enum
// tunnel) and PARSE_DIRECT, and want to be a constant of the program (rodata): then the verifier drops
// what they leave out. `time_ns` is the frame's event time since 1970, by which fragments find each
// other. Works in per-CPU memory; never fails.
static __always_inline void parse_frame(
	struct xdp_md *ctx, uint64_t len, uint32_t options, uint8_t in_port, uint64_t time_ns,
	struct parsed *out
) {
	if (parse_fast(ctx, options, in_port, out))
		return;
	parse_general(ctx, (uint32_t)len, options, time_ns, out);
	out->key.in_port = in_port;
}
