// Grouping loses no rule and asks for no group in vain: random rules and random directions, with groups
// of several kinds and without, against a walk through all rules one by one.

#include "dice.h"
#include "match/detect/detect_head.h"
#include "match/detect/detect_refuse.h"
#include "stream_set_rig.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DRAW(list) (list)[draw(COUNT(list))]
#define SETS 25
#define RULES 60
#define KEYS 2000

static uint64_t seed = 0x2545f4914f6cdd1d;

static uint32_t draw(uint32_t n) {
	return dice_draw(&seed, n);
}

static char *draw_rules(bool narrow) {
	static const char *const protos[] = {"tcp", "tcp", "tcp",     "http",
					     "ip",  "udp", "tcp-pkt", "ip6"};
	static const char *const hosts[] = {"any",
					    "any",
					    "10.0.0.0/31",
					    "10.0.0.2",
					    "!10.0.0.1",
					    "fe80::/16",
					    "[10.0.0.0/30,!10.0.0.3]"};
	static const char *const ports[] = {"any",        "any", "80",           "!80",
					    "[80,81]",    "53",  "1024:",        ":100",
					    "[53,80:90]", "0",   "[1:65535,!81]"};
	static const char *const flows[] = {
		"",
		"",
		"flow:to_server;",
		"flow:to_client;",
		"flow:established,to_server;",
		"flow:stateless;",
		"stream_size:server,>,10;"};
	static const char *const tests[] = {
		"content:\"a\";", "content:\"b\"; content:!\"c\";", "content:\"a\"; depth:3;",
		"pcre:\"/a.*c/\";", "content:\"a\"; byte_test:1,>,1,0,relative;"};
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	uint32_t n = narrow ? 3 : RULES;
	for (uint32_t i = 0; i < n; i++)
		fprintf(f, "alert %s %s %s %s %s %s (%s %s sid:%u;)\n", DRAW(protos), DRAW(hosts),
			DRAW(ports), draw(4) == 0 ? "<>" : "->", DRAW(hosts), DRAW(ports),
			DRAW(flows), DRAW(tests), i + 1);
	fclose(f);
	return text;
}

static struct flow_key draw_key(void) {
	static const uint16_t ports[] = {0, 53, 80, 81, 85, 101, 1024, 40000, 65535};
	struct flow_key k = {.proto = 6, .src_port = DRAW(ports), .dst_port = DRAW(ports)};
	if (draw(4) == 0) {
		k.flags = KEY_V6;
		k.src6[0] = k.dst6[0] = 0xfe;
		k.src6[1] = draw(2) ? 0x80 : 0;
		k.dst6[1] = draw(2) ? 0x80 : 0;
	} else if (draw(50) != 0) {
		k.flags = KEY_V4;
		k.src4[0] = k.dst4[0] = 10;
		k.src4[3] = (uint8_t)draw(5);
		k.dst4[3] = (uint8_t)draw(5);
	}
	return k;
}

// By the rule engine for packets, of what a direction tells and nothing else.
static bool may_match(const struct snort_rule *r, const struct flow_key *key, enum detect_dir dir) {
	struct snort_rule bare = *r;
	struct detect_flow flow = {.dir = (uint8_t)dir};
	struct detect_packet in = {.key = key, .flow = &flow, .ttl = -1, .tcp_flags = -1};
	struct detect_view v;
	bare.n_stream_sizes = 0;
	bare.ttl.given = false;
	if (r->per_packet)
		return false;
	detect_view_init(&v, &in);
	return detect_head_holds(&bare, &v);
}

static uint64_t left_out, taken;

// Whatever may match is in a group that is listed.
static void
check_covered(const struct set_rig *g, const struct flow_key *key, enum detect_dir dir) {
	uint32_t group[STREAM_GROUPS_MAX], n_patterns = g->patterns->n_patterns;
	bool covered[RIG_RULES] = {};
	uint32_t n = stream_set_groups_of(g->set, key, dir, group);
	for (uint32_t i = 0; i < n; i++) {
		const struct stream_group *s = stream_set_group(g->set, group[i]);
		for (uint32_t k = 0; k < s->n_members; k++) {
			if (s->member[k].rule != STREAM_NO_RULE)
				covered[s->member[k].rule] = true;
		}
	}
	for (uint32_t i = 0; i < n_patterns; i++)
		cr_assert(covered[i], "pattern %u", i);
	for (uint32_t i = 0; i < g->rules.n_rules; i++) {
		bool may = may_match(&g->rules.rules[i], key, dir);
		cr_assert(
			!may || covered[n_patterns + i], "sid %u, ports %u %u, dir %u",
			g->rules.rules[i].sid, key->src_port, key->dst_port, dir
		);
	}
}

static void check_key(const struct set_rig *g, const struct flow_key *key, enum detect_dir dir) {
	uint32_t group[STREAM_GROUPS_MAX], n_patterns = g->patterns->n_patterns;
	uint32_t n = stream_set_groups_of(g->set, key, dir, group);
	cr_assert_leq(n, STREAM_GROUPS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		const struct stream_group *s = stream_set_group(g->set, group[i]);
		bool wanted = false;
		for (uint32_t j = 0; j < i; j++)
			cr_assert_neq(group[i], group[j], "each group once");
		for (uint32_t k = 0; k < s->n_members; k++) {
			uint32_t rule = s->member[k].rule;
			wanted |= rule != STREAM_NO_RULE
				&& (rule < n_patterns
				    || may_match(&g->rules.rules[rule - n_patterns], key, dir));
		}
		cr_assert(wanted, "group %u is asked for in vain", group[i]);
	}
	check_covered(g, key, dir);
	left_out += n == 0;
	taken += n;
}

static void check_set(const struct stream_set_config *conf, bool patterns) {
	struct set_rig g = {.patterns = rig_patterns(patterns ? "9:/p/\n8:/q/\n" : "")};
	char *text = draw_rules(draw(3) == 0);
	rig_rules(&g.rules, text);
	rig_make(&g, conf);
	// Others refuse some, too.
	struct detect_fault *faults = calloc(g.rules.n_rules + 1, sizeof(*faults));
	uint32_t n = g.rules.n_rules;
	for (uint32_t i = 0; i < n; i++) {
		if (draw(5) == 0)
			cr_assert_eq(detect_fault_set(&faults[i], "test", "no more"), 0);
	}
	cr_assert_eq(detect_refuse(&g.rules, faults), 0);
	detect_faults_free(faults, n);
	rig_settle(&g);
	for (unsigned i = 0; i < KEYS; i++) {
		struct flow_key key = draw_key();
		check_key(&g, &key, draw(3));
	}
	rig_fini(&g);
	free(text);
}

Test(stream_set_random, groups_are_asked_for_where_a_rule_may_match, .timeout = 200) {
	static const struct stream_set_config configs[] = {{}, {.groups = 1}, {.groups = 3}};
	for (unsigned i = 0; i < SETS; i++)
		check_set(&configs[i % COUNT(configs)], i % 5 == 0);
	cr_expect_gt(left_out, 1000u, "directions that no rule can match: %lu", left_out);
	cr_expect_gt(taken, 10000u);
}

// Rules of so many addresses that a walk through all of them would take too long.
Test(stream_set_random, very_many_headers_are_looked_at_in_bounded_time_and_none_is_lost) {
	enum {
		MANY = 3000
	};
	char *text = NULL;
	size_t len = 0;
	struct set_rig g;
	uint32_t group[STREAM_GROUPS_MAX], listed = 0;
	FILE *f = open_memstream(&text, &len);
	for (uint32_t i = 0; i < MANY; i++)
		fprintf(f, "alert tcp %s any %s 10.%u.%u.%u %u (content:\"w%ux\"; sid:%u;)\n",
			i % 3 == 0 ? "any" : "192.168.0.0/16", i % 7 == 0 ? "<>" : "->", i / 256,
			i % 256, i % 5, 80 + i % 3, i, i + 1);
	fclose(f);
	rig_init(&g, "", text, NULL);
	for (uint32_t i = 0; i < MANY; i++) {
		struct flow_key key = {
			.flags = KEY_V4,
			.proto = 6,
			.src_port = 1000,
			.dst_port = (uint16_t)(80 + i % 3),
			.src4 = {192, 168, 1, 1},
			.dst4 = {10, (uint8_t)(i / 256), (uint8_t)(i % 256), (uint8_t)(i % 5)},
		};
		check_covered(&g, &key, DETECT_TO_SERVER);
		cr_expect_gt(stream_set_groups_of(g.set, &key, DETECT_TO_SERVER, group), 0u);
		key.dst4[0] = 11;
		listed += stream_set_groups_of(g.set, &key, DETECT_TO_SERVER, group);
		key.dst4[0] = 10;
		key.src4[0] = 172;
		check_covered(&g, &key, DETECT_TO_SERVER);
	}
	cr_expect_eq(listed, 0u, "no rule has such an address, nor all of them together");
	rig_fini(&g);
	free(text);
}
