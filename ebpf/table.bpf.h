// The flow table of kernel mode: open addressing in one processor's region of a pane's map, one line a
// row, so that counting a known IPv4 flow touches one line. Included once by each program that counts.
#pragma once

#include "kernel.h"

#include "packet/flow_key.h"
#include "packet/tcp_flags.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

// Sizes, not types: of a map inside a map clang does not describe them.
struct pane_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct kernel_line));
};

// A region of a map, as the program works on it.
struct table {
	void *map;
	__u32 base; // the region's first line
	const volatile struct kernel_config *config;
};

#define KEY_IS_IPV6(key) ((((const struct flow_key *)(key))->flags & KEY_V6) != 0)

// Slots looked at in line; what lies further on is searched by a loop of the kernel's.
#define PROBES_IN_LINE 4

// The key is four octets, and stored as eight: from who lacks CAP_PERFMON the verifier does not take less
// in a place of the stack where there was a pointer.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the key is the front of what is stored");

static __always_inline struct kernel_line *table_line(const struct table *t, __u32 line) {
	__u64 at = (__u32)(t->base + line);
	return bpf_map_lookup_elem(t->map, &at);
}

static __always_inline __u64 nh(__u64 word, const volatile __u32 *k) {
	return (__u64)((__u32)word + k[0]) * ((__u32)(word >> 32) + k[1]);
}

// NH (RFC 4418, section 5.2): whoever does not know the numbers cannot make keys collide better than by
// chance. The multiplication brings the difference into the high bits.
static __always_inline __u64 table_hash(const volatile struct kernel_config *c, const __u64 *key) {
	__u64 h = nh(key[0], c->nh) + nh(key[1], c->nh + 2) + nh(key[2], c->nh + 4)
		+ nh(key[3], c->nh + 6);
	if (KEY_IS_IPV6(key))
		h += nh(key[4], c->nh + 8) + nh(key[5], c->nh + 10) + nh(key[6], c->nh + 12)
			+ nh(key[7], c->nh + 14);
	return (h ^ h >> 32) * c->finish;
}

static __always_inline int
row_is(const struct table *t, struct kernel_line *line, __u32 slot, const __u64 *key) {
	if (line->word[0] != key[0] || line->word[1] != key[1] || line->word[2] != key[2]
	    || ((struct kernel_row *)line)->head[6] != ((const __u32 *)key)[6])
		return 0;
	if (!KEY_IS_IPV6(key))
		return 1;
	struct kernel_line *v6 = table_line(t, KERNEL_LINE_IPV6(t->config->slots) + slot);
	return v6 != NULL && v6->word[0] == key[4] && v6->word[1] == key[5] && v6->word[2] == key[6]
		&& v6->word[3] == key[7];
}

// Makes the free row `line` in `slot` this key's. NULL: the table is full.
static __always_inline struct kernel_line *
row_begin(const struct table *t, struct kernel_line *line, __u32 slot, const __u64 *key) {
	struct kernel_head *head = (void *)table_line(t, KERNEL_LINE_HEAD);
	if (head == NULL || head->used >= t->config->limit)
		return NULL;
	__u32 n = head->used;
	struct kernel_line *used = table_line(t, KERNEL_LINE_USED + n / KERNEL_USED_A_LINE);
	if (used == NULL)
		return NULL;
	if (KEY_IS_IPV6(key)) {
		struct kernel_line *v6 = table_line(t, KERNEL_LINE_IPV6(t->config->slots) + slot);
		if (v6 == NULL)
			return NULL;
		v6->word[0] = key[4];
		v6->word[1] = key[5];
		v6->word[2] = key[6];
		v6->word[3] = key[7];
	}
	((__u32 *)used)[n % KERNEL_USED_A_LINE] = slot;
	head->used = n + 1;
	line->word[0] = key[0];
	line->word[1] = key[1];
	line->word[2] = key[2];
	((struct kernel_row *)line)->head[6] = ((const __u32 *)key)[6];
	return line;
}

struct search {
	const struct table *table;
	const __u64 *key;
	__u32 slot; // where to look next
	__u32 found; // the slot; ~0: none
};

static long search_step(__u32 i, struct search *s) {
	const struct table *t = s->table;
	__u32 slot = s->slot & (t->config->slots - 1);
	struct kernel_line *line = table_line(t, KERNEL_LINE_ROWS(t->config->slots) + slot);
	if (line == NULL)
		return 1;
	if (((struct kernel_row *)line)->packets == 0 || row_is(t, line, slot, s->key)) {
		s->found = slot;
		return 1;
	}
	s->slot = slot + 1;
	return 0;
}

// The row of a masked key, begun with no packets if there was none. NULL: the table is full.
static __always_inline struct kernel_row *
table_find_insert(const struct table *t, const __u64 *key) {
	__u32 slots = t->config->slots;
	__u32 slot = table_hash(t->config, key) >> t->config->shift & (slots - 1);
	struct kernel_line *line;
#pragma unroll
	for (int i = 0; i < PROBES_IN_LINE; i++) {
		line = table_line(t, KERNEL_LINE_ROWS(slots) + slot);
		if (line == NULL)
			return NULL;
		if (((struct kernel_row *)line)->packets == 0)
			return (struct kernel_row *)row_begin(t, line, slot, key);
		if (row_is(t, line, slot, key))
			return (struct kernel_row *)line;
		slot = (slot + 1) & (slots - 1);
	}
	struct search s = {.table = t, .key = key, .slot = slot, .found = ~0u};
	bpf_loop(slots, search_step, &s, 0);
	if (s.found == ~0u)
		return NULL;
	line = table_line(t, KERNEL_LINE_ROWS(slots) + s.found);
	if (line == NULL)
		return NULL;
	if (((struct kernel_row *)line)->packets == 0)
		return (struct kernel_row *)row_begin(t, line, s.found, key);
	return (struct kernel_row *)line;
}

// Counts a frame `at_ns` into the pane.
static __always_inline void
row_count(struct kernel_row *r, __u64 at_ns, __u32 bytes, __u32 frame_bytes, __u8 tcp_flags) {
	if (r->packets == 0) {
		r->bytes = 0;
		r->frame_bytes = 0;
		r->first_ns = at_ns;
		r->last_flags = 0;
	}
	r->packets++;
	r->bytes += bytes;
	r->frame_bytes += frame_bytes;
	__u64 flags = tcp_flags | (TCP_OPENS(tcp_flags) ? KERNEL_OPENS : 0);
	flags |= r->last_flags & ((1u << KERNEL_LAST_SHIFT) - 1);
	r->last_flags = at_ns << KERNEL_LAST_SHIFT | flags;
}
