// Community ID against the examples that come with the specification, seed 0.

#include "export/community_id.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>

struct example {
	uint8_t proto;
	const char *src, *dst;
	uint16_t sport, dport; // ICMP: type and code
	const char *id;
};

static const struct example examples[] = {
	{6, "128.232.110.120", "66.35.250.204", 34855, 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	{6, "66.35.250.204", "128.232.110.120", 80, 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
	{6, "10.0.0.1", "10.0.0.2", 10, 11569, "1:SXBGMX1lBOwhhoDrZynfROxnhnM="},
	{17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
	{17, "8.8.8.8", "192.168.1.52", 53, 54585, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
	{132, "192.168.170.8", "192.168.170.56", 7, 80, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="},
	{132, "192.168.170.56", "192.168.170.8", 80, 7, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="},
	{1, "192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	{1, "192.168.0.1", "192.168.0.89", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	// Nothing answers these: the code counts.
	{1, "192.168.0.89", "192.168.0.1", 20, 0, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI="},
	{1, "192.168.0.89", "192.168.0.1", 20, 1, "1:tz/fHIDUHs19NkixVVoOZywde+I="},
	// Of an answer it does not.
	{1, "192.168.0.1", "192.168.0.89", 0, 20, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	{58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0,
	 "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
	{58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0,
	 "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
	{58, "3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0,
	 "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w="},
	{58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:507:0:1:260:97ff:fe07:69ea", 3, 0,
	 "1:/OGBt9BN1ofenrmSPWYicpij2Vc="},
	// A protocol without ports.
	{46, "10.1.24.4", "10.1.12.1", 0, 0, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4="},
	{46, "10.1.12.1", "10.1.24.4", 0, 0, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4="},
};

static void make_key(struct flow_key *k, const struct example *e) {
	bool v6 = strchr(e->src, ':') != NULL;
	memset(k, 0, sizeof(*k));
	k->proto = e->proto;
	k->flags = v6 ? KEY_V6 : KEY_V4;
	if (e->proto == 1 || e->proto == 58) {
		k->flags |= KEY_ICMP;
		k->icmp_type = (uint8_t)e->sport;
		k->icmp_code = (uint8_t)e->dport;
	} else {
		k->src_port = e->sport;
		k->dst_port = e->dport;
	}
	int family = v6 ? AF_INET6 : AF_INET;
	cr_assert_eq(inet_pton(family, e->src, v6 ? k->src6 : k->src4), 1);
	cr_assert_eq(inet_pton(family, e->dst, v6 ? k->dst6 : k->dst4), 1);
}

Test(community_id, gives_the_published_names) {
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct flow_key k;
		char id[COMMUNITY_ID_MAX];
		make_key(&k, &examples[i]);
		community_id(&k, id);
		cr_expect_str_eq(id, examples[i].id, "example %zu: %s", i, id);
	}
}

Test(community_id, an_icmp_packet_without_its_type_has_none) {
	struct flow_key k;
	char id[COMMUNITY_ID_MAX] = "?";
	make_key(&k, &(struct example){1, "192.168.0.89", "192.168.0.1", 8, 0, NULL});
	k.flags &= (uint8_t)~KEY_ICMP;
	community_id(&k, id);
	cr_expect_str_eq(id, "");
}

Test(community_id, knows_all_pairs_of_messages) {
	static const uint8_t pairs[][3] = {{1, 8, 0},      {1, 10, 9},     {1, 13, 14},
					   {1, 15, 16},    {1, 17, 18},    {58, 128, 129},
					   {58, 130, 131}, {58, 133, 134}, {58, 135, 136},
					   {58, 139, 140}, {58, 144, 145}};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const uint8_t *p = pairs[i];
		const char *a = p[0] == 1 ? "1.1.1.1" : "::1", *b = p[0] == 1 ? "2.2.2.2" : "::2";
		char ask[COMMUNITY_ID_MAX], answer[COMMUNITY_ID_MAX];
		struct flow_key k;
		make_key(&k, &(struct example){p[0], a, b, p[1], 0, NULL});
		community_id(&k, ask);
		make_key(&k, &(struct example){p[0], b, a, p[2], 5, NULL});
		community_id(&k, answer);
		cr_expect_str_eq(ask, answer, "%u: %u and %u", p[0], p[1], p[2]);
	}
}
