// Says for every rule of some files what a packet that it matches looks like, one JSON object a line:
// header, conditions on the flow, a payload that matches and one that is spoiled by an octet.
// usage: rule_samples FILE...

#include "match/snort/snort_file.h"
#include "match/stream/stream_plan.h"
#include "rule_packet.h"
#include "rule_payload.h"

#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#define SEEDS 4u

// What is about streams and cannot be told from one is refused in stream mode.
static bool has_plan(const struct snort_rule *r) {
	struct stream_plan *plan = NULL;
	struct snort_fault fault = {};
	int ret = r->per_packet ? 0 : stream_plan_from_rule(r, &plan, &fault);
	stream_plan_free(plan);
	return ret == 0;
}

static bool has_content(const struct snort_rule *r) {
	for (uint32_t i = 0; i < r->n_tests; i++) {
		if (r->tests[i].kind == SNORT_TEST_CONTENT
		    && !(r->tests[i].content.flags & SNORT_NEGATED))
			return true;
	}
	return false;
}

static void print_octets(const char *name, const uint8_t *octets, uint32_t len) {
	printf(",\"%s\":\"", name);
	for (uint32_t i = 0; i < len; i++)
		printf("%02x", octets[i]);
	putchar('"');
}

// An address of the set that no other rule has, if there is one: `turn` differs from rule to rule.
static void print_address(
	const char *name, const struct snort_addresses *a, bool v6, uint32_t base, uint32_t turn
) {
	char text[INET6_ADDRSTRLEN];
	if (v6) {
		unsigned __int128 v = a->v6->at[0].lo;
		unsigned __int128 own = (unsigned __int128)0xfd00 << 112 | base | turn;
		if (snort_ranges_has(a->v6, own))
			v = own;
		uint8_t octets[16];
		for (unsigned i = 16; i-- > 0; v >>= 8)
			octets[i] = (uint8_t)v;
		inet_ntop(AF_INET6, octets, text, sizeof(text));
	} else {
		// In a private network, and in one that is not.
		const uint32_t own[] = {base | turn, (base ^ 0xcb000000 ^ 0x0a000000) | turn};
		uint32_t v = (uint32_t)a->v4->at[0].lo;
		for (uint32_t i = 2; i-- > 0;) {
			if (snort_ranges_has(a->v4, own[i]))
				v = own[i];
		}
		v = htonl(v);
		inet_ntop(AF_INET, &v, text, sizeof(text));
	}
	printf(",\"%s\":\"%s\"", name, text);
}

static uint16_t port_of(const struct snort_ranges *r, uint16_t liked) {
	return snort_ranges_has(r, liked) ? liked : (uint16_t)r->at[0].lo;
}

static void print_ports(const struct snort_rule *r, const struct rule_packet *p, uint32_t turn) {
	uint16_t src = p->key.src_port, dst = p->key.dst_port;
	if (r->either_ports == NULL) {
		src = port_of(r->src_ports, (uint16_t)(20000 + turn % 10000));
		dst = port_of(r->dst_ports, (uint16_t)(40000 + turn % 10000));
	}
	printf(",\"sport\":%u,\"dport\":%u", src, dst);
}

static void print_bits(const struct snort_rule *r) {
	static const char *const tracks[] = {"flow", "ip_src", "ip_dst", "ip_pair"};
	bool first = true;
	printf(",\"bits\":[");
	for (uint32_t i = 0; i < r->n_bits; i++) {
		if (r->bits[i].op != SNORT_BIT_ISSET)
			continue;
		printf("%s[\"%s\",\"%s\"]", first ? "" : ",", tracks[r->bits[i].track],
		       r->bits[i].names[0]);
		first = false;
	}
	printf("]");
}

static void print_rule(const struct snort_rule *r, uint32_t turn) {
	struct rule_packet p;
	struct rule_payload payload = {};
	int found = -1;
	printf("{\"gid\":%u,\"sid\":%u,\"rev\":%u,\"content\":%s,\"plan\":%s", r->gid, r->sid,
	       r->rev, has_content(r) ? "true" : "false", has_plan(r) ? "true" : "false");
	if (!has_content(r) || !rule_packet_make(r, &p))
		goto out;
	for (uint32_t seed = 0; seed < SEEDS && found < 0; seed++)
		found = rule_payload_make(r, seed, &payload);
	if (found < 0)
		goto out;
	bool v6 = !(p.key.flags & KEY_V4);
	print_address("src", &r->src, v6, 0x0a010000, turn);
	print_address("dst", &r->dst, v6, 0x0a110000, turn);
	print_ports(r, &p, turn);
	printf(",\"proto\":%u,\"ttl\":%d,\"flags\":%d", p.key.proto, p.in.ttl, p.in.tcp_flags);
	printf(",\"asks_flags\":%s", r->flags.mode != SNORT_FLAGS_NONE ? "true" : "false");
	printf(",\"icmp\":[%u,%u]", p.key.icmp_type, p.key.icmp_code);
	printf(",\"to_client\":%s", r->flow & SNORT_TO_CLIENT ? "true" : "false");
	printf(",\"established\":%s", r->flow & SNORT_ESTABLISHED ? "true" : "false");
	printf(",\"not_established\":%s", r->flow & SNORT_NOT_ESTABLISHED ? "true" : "false");
	printf(",\"sized\":%s", r->n_stream_sizes > 0 ? "true" : "false");
	printf(",\"server\":%lu,\"client\":%lu", p.flow.server_octets, p.flow.client_octets);
	printf(",\"packet\":%s", r->per_packet ? "true" : "false");
	printf(",\"noalert\":%s", r->noalert ? "true" : "false");
	printf(",\"threshold\":%s", r->threshold.type != SNORT_THRESHOLD_NONE ? "true" : "false");
	print_bits(r);
	print_octets("payload", payload.octets, payload.len);
	for (uint32_t i = 0; i < r->n_tests; i++) {
		if (rule_payload_spoil(r, &payload, i) == 0)
			continue;
		print_octets("spoiled", payload.octets, payload.len);
		break;
	}
out:
	printf("}\n");
	rule_payload_fini(&payload);
}

int main(int argc, char **argv) {
	struct snort_rules rs = {};
	struct err err = {};
	int ret = 0;
	for (int i = 1; ret == 0 && i < argc; i++)
		ret = snort_file_read(argv[i], NULL, &rs, &err);
	if (ret < 0)
		fprintf(stderr, "rule_samples: %s\n", err.text);
	for (uint32_t i = 0; ret == 0 && i < rs.n_rules; i++)
		print_rule(&rs.rules[i], i);
	snort_rules_fini(&rs);
	return ret < 0;
}
