// Any fragments in any order, and any frames between them: defragmentation stays inside of them and
// within its memory, its counters add up, and what it gives is a packet.

#include "packet/checksum_policy.h"
#include "packet/defrag.h"
#include "packet/link.h"
#include "packet/parse.h"
#include "packet/tunnel.h"
#include "packet/verdict.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 8
#define LEVELS 4 // fragments inside of fragments

struct run {
	struct parser parser;
	struct defrag *defrag;
	struct checksum_policy *policy;
	int64_t now_us;
};

static void check_stats(const struct defrag *d) {
	struct defrag_stats s = defrag_stats(d);
	uint64_t refused = 0, given_up = 0;
	for (int i = 0; i < DEFRAG_REFUSED_COUNT; i++)
		refused += s.refused[i];
	for (int i = 0; i < DEFRAG_GIVEN_UP_COUNT; i++)
		given_up += s.given_up[i];
	check(s.fragments == s.taken + refused);
	check(s.begun == s.complete + given_up + s.held && s.held <= 8);
	check(s.octets_in == s.octets_out + s.octets_given_up + s.octets_held);
	check(s.octets_held <= DEFRAG_MEMORY_MIN);
}

static void check_datagram(const struct packet *p) {
	check(p->head_len == p->cap_len && p->cap_len == p->wire_len);
	check(p->cap_len > 20 && p->cap_len <= DEFRAG_PACKET_MAX);
	const uint8_t *h = p->data;
	if (h[0] >> 4 == 6) {
		check(p->cap_len == 40u + (uint32_t)(h[4] << 8 | h[5]));
		return;
	}
	check(h[0] == 0x45 && p->cap_len == (uint32_t)(h[2] << 8 | h[3]));
	check(checksum_fold(checksum_add(0, h, 20)) == 0xffff);
}

// The frame is copied to memory of its own size.
static void feed(struct run *r, const uint8_t *frame, uint32_t len, uint8_t link, uint32_t beyond) {
	uint8_t *octets = malloc(len);
	check(octets != NULL || len == 0);
	memcpy(octets, frame, len);
	struct packet pkt = {
		.data = octets,
		.time_us = r->now_us,
		.head_len = len,
		.cap_len = len,
		.wire_len = len + beyond,
		.link = link};
	struct defrag_datagram out;
	for (int level = 0; level < LEVELS; level++) {
		struct flow_key key;
		parse_packet(&r->parser, &pkt, &key);
		if (pkt.verdict != VERDICT_COUNTED)
			break;
		checksum_policy_take(r->policy, &pkt, &key, NULL, pkt.data, pkt.cap_len);
		enum defrag_result got = defrag_add(r->defrag, &pkt, pkt.data, pkt.cap_len, &out);
		check_stats(r->defrag);
		check(got != DEFRAG_WHOLE
		      || !(pkt.flags & (PACKET_FRAGMENT | PACKET_CARRIER_FRAGMENT)));
		if (got != DEFRAG_COMPLETE)
			break;
		check_datagram(&out.pkt);
		pkt = out.pkt;
	}
	free(octets);
}

// A fragment out of a few numbers: what is needed to get far.
static void feed_made(struct run *r, const uint8_t *n, const uint8_t *body, uint32_t len) {
	static uint8_t frame[40 + 8 + 65536];
	memset(frame, 0, 48);
	uint32_t units = (uint32_t)(n[2] << 8 | n[3]) & 0x1fff;
	bool v6 = n[0] & 2, more = n[0] & 4;
	uint32_t header = v6 ? 48 : 20;
	uint32_t given = len;
	len = n[0] & 8 ? len * 97 % 3000 : len;
	if (v6) {
		frame[0] = 0x60;
		frame[4] = (uint8_t)((len + 8) >> 8);
		frame[5] = (uint8_t)(len + 8);
		frame[6] = 44;
		frame[40] = 17;
		frame[42] = (uint8_t)(units >> 5);
		frame[43] = (uint8_t)(units << 3 | more);
		frame[47] = n[1];
	} else {
		frame[0] = 0x45;
		frame[2] = (uint8_t)((len + 20) >> 8);
		frame[3] = (uint8_t)(len + 20);
		frame[5] = n[1];
		frame[6] = (uint8_t)(units >> 8 | (more ? 0x20 : 0));
		frame[7] = (uint8_t)units;
		frame[9] = n[0] & 16 ? 4 : 17;
	}
	for (uint32_t i = 0; i < len; i++)
		frame[header + i] = i < given ? body[i] : (uint8_t)i;
	feed(r, frame, header + len, LINK_RAW, 0);
}

// Records of HEAD octets and what follows. 0: flags, bit 0 for a frame as it stands; 1: identification, or
// link type; 2, 3: offset in units of 8; 4: time passed; 5: octets that follow; 6: fragments a
// datagram, in the first record, and octets snapped.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size < HEAD || size > 65536)
		return 0;
	struct defrag_config conf = {
		.datagrams = 8, .fragments = data[6], .tunnels = TUNNEL_ALL, .mem = mem_pages()};
	hash_seed_fixed(&conf.seed, 1);
	struct run r = {
		.parser = {.tunnels = TUNNEL_ALL},
		.defrag = defrag_new(&conf),
		.policy = checksum_policy_new(CHECKSUM_MODE_AUTO, 16, &conf.seed, mem_pages())};
	check(r.defrag != NULL && r.policy != NULL);
	while (size >= HEAD) {
		uint32_t len = data[5];
		if (len > size - HEAD)
			len = (uint32_t)size - HEAD;
		r.now_us += (int64_t)data[4] * 200000;
		if (data[0] & 1)
			feed(&r, data + HEAD, len, data[1] % LINK_COUNT, data[6]);
		else if (len > 0)
			feed_made(&r, data, data + HEAD, len);
		if (data[7] == 1)
			defrag_advance(r.defrag, r.now_us);
		check_stats(r.defrag);
		data += HEAD + len;
		size -= HEAD + len;
	}
	defrag_flush(r.defrag);
	check_stats(r.defrag);
	check(defrag_stats(r.defrag).held == 0);
	checksum_policy_free(r.policy);
	defrag_free(r.defrag);
	return 0;
}
