// Any octets as a frame of any link type: the parser stays inside them, gives what it promises, and
// gives the same by each of its ways.

#include "packet/fragment.h"
#include "packet/link.h"
#include "packet/parse.h"
#include "packet/verdict.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 4

struct whole {
	const uint8_t *data;
	uint32_t len;
};

static uint32_t
gather_whole(const struct source *src, const struct packet *p, uint8_t *to, uint32_t len) {
	const struct whole *w = (const struct whole *)(uintptr_t)p->handle;
	len = len < w->len ? len : w->len;
	memcpy(to, w->data, len);
	return len;
}

static void check_packet(const struct packet *p, const struct flow_key *k) {
	check(p->payload_off <= p->cap_len && p->payload_len <= p->cap_len - p->payload_off);
	check(reason_verdict(p->reason) == p->verdict);
	check(p->verdict == VERDICT_COUNTED || p->verdict == VERDICT_MALFORMED
	      || p->verdict == VERDICT_NON_IP);
	check(k->hash == 0);
	if (p->verdict != VERDICT_COUNTED) {
		check(p->ip_len == 0 && p->payload_len == 0 && k->flags == 0);
		return;
	}
	check(!(k->flags & KEY_V4) == !!(k->flags & KEY_V6));
	check(!(k->flags & KEY_V6) == !(p->flags & PACKET_V6));
	check(p->ip_len >= (k->flags & KEY_V6 ? 40 : 20));
	check(p->reason != REASON_SNAPPED || p->cap_len < p->wire_len);
}

// Octet 0: link type; 1: tunnels; 2: octets of the first segment, from the end; 3: octets that were on
// the wire but not captured. The rest is the frame.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size < HEAD || size > 65536)
		return 0;
	static const struct source_ops ops = {.gather = gather_whole};
	static const struct source src = {.ops = &ops};
	static struct burst b;
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	struct parser p;
	struct fragment_table *t = fragment_table_new(16, &seed);
	check(t != NULL && parser_init(&p, data[1], t) == 0);

	uint32_t len = (uint32_t)size - HEAD;
	uint32_t head = data[2] < len ? len - data[2] : 0;
	uint8_t *frame = malloc(len), *first = malloc(head);
	check((frame != NULL || len == 0) && (first != NULL || head == 0));
	memcpy(frame, data + HEAD, len);
	memcpy(first, data + HEAD, head);
	struct whole whole = {frame, len};
	struct packet pkt = {
		.data = frame,
		.head_len = len,
		.cap_len = len,
		.wire_len = len + data[3],
		.link = data[0] % LINK_COUNT,
	};

	// In one piece by the general way; by parse_burst; and in two segments.
	struct packet one = pkt;
	struct flow_key key;
	parse_packet(&p, &one, &key);
	check_packet(&one, &key);
	b.n = 2;
	b.pkt[0] = b.pkt[1] = pkt;
	b.pkt[1].data = first;
	b.pkt[1].head_len = head;
	b.pkt[1].handle = (uintptr_t)&whole;
	parse_burst(&p, &src, &b);
	for (int i = 0; i < 2; i++) {
		check_packet(&b.pkt[i], &b.key[i]);
		check(memcmp(&b.key[i], &key, sizeof(key)) == 0);
		check(b.pkt[i].reason == one.reason);
		check(b.pkt[i].payload_off == one.payload_off);
		check(b.pkt[i].payload_len == one.payload_len);
		check(b.pkt[i].tcp_flags == one.tcp_flags && b.pkt[i].ip_len == one.ip_len);
	}

	free(first);
	free(frame);
	parser_fini(&p);
	fragment_table_free(t);
	return 0;
}
