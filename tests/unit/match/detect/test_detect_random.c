// Grouping loses no rule: random rules on random packets of a few flows, with groups of several kinds
// and without, against a walk through all rules one by one.

#include "detect_reference.h"

#include "match/snort/snort_file.h"

#include "dice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SETS 14
#define PACKETS 250

static uint64_t seed;

static uint32_t draw(uint32_t n) {
	return dice_draw(&seed, n);
}

#define DRAW(list) (list)[draw(COUNT(list))]

static const char *draw_options(void) {
	static const char *const options[] = {
		"content:\"a\";",
		"content:\"ab\"; nocase;",
		"content:\"b\"; depth:3;",
		"content:!\"c\";",
		"content:\"a\"; content:\"c\"; distance:1;",
		"pcre:\"/a.*c/\";",
		"pcre:\"/^b/\";",
		"pcre:!\"/cc/\";",
		"content:\"abc\"; offset:1;",
		"dsize:>3;",
		"",
		"content:\"bc\"; fast_pattern; content:\"a\";",
		"dsize:0;",
		"isdataat:4; content:\"c\";",
		"pcre:\"/(a|b)\\1/\";",
		"bsize:2<>6; content:\"b\";",
	};
	return DRAW(options);
}

static const char *draw_conditions(void) {
	static const char *const conditions[] = {
		"",
		"",
		"",
		"",
		"flow:to_server;",
		"flow:to_client;",
		"flow:established,to_server;",
		"flow:not_established;",
		"flow:stateless;",
		"flow:established;",
		"ttl:<40;",
		"ttl:!64;",
		"stream_size:server,>,10;",
		"stream_size:either,<,5;",
		"stream_size:both,>,3; stream_size:client,!=,7;",
	};
	return DRAW(conditions);
}

static const char *draw_bits(void) {
	static const char *const bits[] = {
		"",
		"",
		"",
		"",
		"",
		"",
		"flowbits:set,f1;",
		"flowbits:isset,f1;",
		"flowbits:isnotset,f1;",
		"flowbits:unset,f1;",
		"flowbits:toggle,f2;",
		"flowbits:isset,f1; flowbits:set,f2;",
		"flowbits:isset,f1|f2;",
		"flowbits:isnotset,f1|f2;",
		"flowbits:isset,f2; flowbits:noalert;",
		"flowbits:set,f3;",
		"xbits:set,x1,track ip_src,expire 5;",
		"xbits:isset,x1,track ip_dst;",
		"xbits:isset,x1,track ip_src;",
		"xbits:set,x2,track ip_pair,expire 3;",
		"xbits:isset,x2,track ip_pair;",
		"xbits:unset,x1,track ip_dst;",
		"xbits:isnotset,x2,track ip_pair;",
		"xbits:toggle,x2,track ip_src,expire 4;",
		"xbits:isset,x2,track ip_src;",
	};
	return DRAW(bits);
}

static const char *draw_of_proto(const char *proto) {
	static const char *const tcp[] = {"",          "",          "flags:S;",
					  "flags:+A;", "flags:!S;", "flags:*FR;"};
	static const char *const icmp[] = {"", "itype:8;", "icode:>0; itype:3;"};
	if (strcmp(proto, "tcp") == 0 || strcmp(proto, "tcp-pkt") == 0)
		return DRAW(tcp);
	return strncmp(proto, "icmp", 4) == 0 ? DRAW(icmp) : "";
}

static void draw_rules(struct snort_rules *rs) {
	static const char *const protos[] = {"tcp", "tcp",  "tcp-pkt", "udp",  "udp", "icmp",
					     "ip",  "http", "dns",     "sctp", "ip6", "icmpv6"};
	static const char *const hosts[] = {
		"any", "any",      "any",       "10.0.0.0/31",
		"any", "10.0.0.2", "!10.0.0.1", "[10.0.0.0/30,!10.0.0.3]",
		"any", "fe80::/16"};
	static const char *const ports[] = {
		"any",        "any",   "any",  "any",           "80", "!80", "[80,81]", "53",
		"[53,80:90]", "1024:", ":100", "[1:65535,!81]", "0",  "81"};
	char text[REF_RULES * 512];
	struct err err = {};
	size_t len = 0;
	for (uint32_t i = 0; i < REF_RULES; i++) {
		const char *proto = DRAW(protos);
		len += (size_t)snprintf(
			&text[len], sizeof(text) - len,
			"alert %s %s %s %s %s %s (%s %s %s %s sid:%u;)\n", proto, DRAW(hosts),
			DRAW(ports), draw(4) == 0 ? "<>" : "->", DRAW(hosts), DRAW(ports),
			draw_conditions(), draw_of_proto(proto), draw_options(), draw_bits(), i + 1
		);
	}
	cr_assert_eq(snort_file_read_text("random", text, len, NULL, rs, &err), 0, "%s", err.text);
	cr_assert_gt(rs->n_rules, (uint32_t)REF_RULES / 2, "%s", rs->refusals[0].reason);
}

static void draw_packet(struct sample *p, int64_t now_us) {
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 1, 58, 132, 47};
	static const uint16_t ports[] = {0, 53, 80, 81, 85, 101, 1024, 40000, 65535};
	memset(p, 0, sizeof(*p));
	struct flow_key *k = &p->key;
	k->proto = DRAW(protos);
	bool v6 = draw(5) == 0;
	k->flags = v6 ? KEY_V6 : KEY_V4;
	if (v6) {
		k->src6[0] = k->dst6[0] = 0xfe;
		k->src6[1] = draw(3) == 0 ? 0 : 0x80;
		k->dst6[1] = draw(3) == 0 ? 0 : 0x80;
		k->src6[15] = (uint8_t)draw(2);
		k->dst6[15] = (uint8_t)draw(2);
	} else {
		k->src4[0] = k->dst4[0] = 10;
		k->src4[3] = (uint8_t)draw(5);
		k->dst4[3] = (uint8_t)draw(5);
	}
	if (k->proto == 1 || k->proto == 58) {
		k->flags |= draw(8) > 0 ? KEY_ICMP : 0;
		k->icmp_type = draw(2) == 0 ? 8 : 3;
		k->icmp_code = (uint8_t)draw(2);
	} else if (k->proto != 47) {
		k->src_port = DRAW(ports);
		k->dst_port = DRAW(ports);
	}
	p->of_flow = draw(REF_FLOWS + 1);
	p->flow = (struct detect_flow){
		.dir = (uint8_t)draw(3),
		.state = (uint8_t)draw(3),
		.sized = draw(2) == 0,
		.server_octets = draw(20),
		.client_octets = draw(10),
	};
	static const int16_t flags[] = {-1, 0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0};
	p->in = (struct detect_packet){
		.key = &p->key,
		.flow = p->of_flow < REF_FLOWS ? &p->flow : NULL,
		.payload = p->payload,
		.len = draw(8),
		.time_us = now_us,
		.ttl = (int16_t
		)(draw(5) == 0           ? -1
			  : draw(2) == 0 ? 64
					 : 30),
		.tcp_flags = k->proto == 6 ? DRAW(flags) : -1,
	};
	for (uint32_t i = 0; i < p->in.len; i++)
		p->payload[i] = (uint8_t) "aabbcC"[draw(6)];
}

// An engine with the flows' storage that belongs to it.
struct engine {
	struct detect *d;
	struct detect_scratch *s;
	uint64_t bits[REF_FLOWS][DETECT_FLOW_WORDS_MAX];
};

static const struct detect_config configs[] = {
	{.groups = 1},
	{.groups = 3},
	{},
	{.undirected = true},
	{.groups = 1000, .undirected = true},
};

static uint64_t compare(struct engine *e, struct sample *p, const bool *fired, uint32_t n) {
	uint32_t out[REF_RULES], got = 0;
	uint64_t matched = 0;
	bool seen[REF_RULES] = {};
	p->flow.bits = p->of_flow < REF_FLOWS ? e->bits[p->of_flow] : NULL;
	got = detect_run(e->d, e->s, &p->in, out);
	for (uint32_t i = 0; i < got; i++) {
		cr_assert(!seen[out[i]], "each rule once");
		seen[out[i]] = true;
	}
	for (uint32_t i = 0; i < n; i++) {
		matched += fired[i];
		cr_assert_eq(
			seen[i], fired[i], "rule %u, payload %.*s, proto %u, ports %u %u", i,
			(int)p->in.len, p->payload, p->key.proto, p->key.src_port, p->key.dst_port
		);
	}
	return matched;
}

static uint64_t run_set(void) {
	struct snort_rules rs = {};
	struct engine engines[COUNT(configs)] = {};
	struct err err = {};
	struct reference ref = {.rs = &rs, .scratch = verify_scratch_new(16)};
	uint64_t matched = 0;
	draw_rules(&rs);
	ref.memory = calloc(1, sizeof(*ref.memory));
	for (uint32_t i = 0; i < COUNT(configs); i++) {
		engines[i].d = detect_new(&rs, &configs[i], &err);
		cr_assert_not_null(engines[i].d, "%s", err.text);
		engines[i].s = detect_scratch_new(engines[i].d);
		cr_assert_leq(detect_flow_words(engines[i].d), DETECT_FLOW_WORDS_MAX);
	}
	for (uint32_t i = 0; i < rs.n_rules; i++)
		ref.verifiers[i] = verifier_new(&rs.rules[i], NULL);
	for (uint32_t n = 0; n < PACKETS; n++) {
		struct sample p;
		bool fired[REF_RULES] = {};
		draw_packet(&p, n * 300000ll);
		ref_run(&ref, &p, fired);
		for (uint32_t i = 0; i < COUNT(configs); i++)
			matched += compare(&engines[i], &p, fired, rs.n_rules);
	}
	for (uint32_t i = 0; i < COUNT(configs); i++) {
		detect_scratch_free(engines[i].s);
		detect_free(engines[i].d);
	}
	for (uint32_t i = 0; i < rs.n_rules; i++)
		verifier_free(ref.verifiers[i]);
	verify_scratch_free(ref.scratch);
	free(ref.memory);
	snort_rules_fini(&rs);
	return matched;
}

Test(detect_random, grouping_loses_no_rule_and_adds_none, .timeout = 280) {
	uint64_t matched = 0;
	seed = 7;
	for (uint32_t n = 0; n < SETS; n++)
		matched += run_set();
	cr_log_info("%lu matches", (unsigned long)matched);
	cr_assert_gt(matched, (uint64_t)SETS * PACKETS * COUNT(configs) / 4);
}
