// lib/match/stream/stream_set_map.c: which rules of a set are those of the next, and whether two sets look for
// the same.

#include "stream_set_rig.h"

#define TCP "alert tcp any any -> any any "
#define BASE                                                                                       \
	TCP "(content:\"one\"; sid:1; rev:1;)\n" TCP "(content:\"two\"; content:!\"x\"; sid:2;)\n" \
	    "alert udp any any -> any any (content:\"u\"; sid:3;)\n"                               \
	    "alert tcp any any -> 10.0.0.0/8 80 (content:\"three\"; nocase; sid:4;)\n"
#define PATTERNS "1:/abc/\n2:/xyz/\n3:/1 & 2/C\n"

static struct set_rig old, now;

// Of the sets at hand: the numbers as text, "-" for none.
static const char *map_text(bool *same) {
	static char text[256];
	uint32_t n = old.patterns->n_patterns + old.rules.n_rules, map[64];
	size_t len = 0;
	memset(map, 0x55, sizeof(map));
	*same = stream_set_map(old.set, now.set, map, n);
	for (uint32_t i = 0; i < n; i++) {
		if (map[i] == STREAM_NO_RULE)
			len += (size_t)snprintf(&text[len], sizeof(text) - len, " -");
		else
			len += (size_t)snprintf(&text[len], sizeof(text) - len, " %u", map[i]);
	}
	return text + 1;
}

static void
check(const char *what, const char *patterns, const char *rules, const char *map, bool same) {
	bool got_same;
	rig_init(&now, patterns, rules, NULL);
	const char *got = map_text(&got_same);
	cr_expect_str_eq(got, map, "%s: %s", what, got);
	cr_expect_eq(got_same, same, "%s: %d", what, got_same);
	rig_fini(&now);
}

Test(stream_set_map, rules_are_mapped_by_what_they_are_and_look_for, .timeout = 60) {
	rig_init(&old, PATTERNS, BASE, NULL);
	check("the same", PATTERNS, BASE, "0 1 2 3 4 - 6", true);
	check("another rev and message", PATTERNS,
	      TCP "(msg:\"m\"; content:\"one\"; sid:1; rev:9;)\n" TCP
		  "(content:\"two\"; content:!\"x\"; sid:2;)\n"
		  "alert udp any any -> any any (content:\"u\"; sid:3;)\n"
		  "alert tcp any any -> 10.0.0.0/8 80 (content:\"three\"; nocase; sid:4;)\n",
	      "0 1 2 3 4 - 6", true);
	check("a rule of packets more", PATTERNS,
	      "alert udp any any -> any any (content:\"v\"; sid:9;)\n" BASE, "0 1 2 4 5 - 7", true);
	check("a rule of streams more", PATTERNS, BASE TCP "(content:\"four\"; sid:9;)\n",
	      "0 1 2 3 4 - 6", false);
	check("a rule less", PATTERNS, TCP "(content:\"one\"; sid:1;)\n", "0 1 2 3 - - -", false);
	check("another gid", PATTERNS, TCP "(content:\"one\"; gid:7; sid:1;)\n", "0 1 2 - - - -",
	      false);
	check("another address", PATTERNS,
	      TCP "(content:\"one\"; sid:1;)\n" TCP "(content:\"two\"; content:!\"x\"; sid:2;)\n"
		  "alert udp any any -> any any (content:\"u\"; sid:3;)\n"
		  "alert tcp any any -> 11.0.0.0/8 80 (content:\"three\"; nocase; sid:4;)\n",
	      "0 1 2 3 4 - 6", false);
	check("another port", PATTERNS,
	      TCP "(content:\"one\"; sid:1;)\n" TCP "(content:\"two\"; content:!\"x\"; sid:2;)\n"
		  "alert udp any any -> any any (content:\"u\"; sid:3;)\n"
		  "alert tcp any any -> 10.0.0.0/8 81 (content:\"three\"; nocase; sid:4;)\n",
	      "0 1 2 3 4 - 6", false);
	check("both ways", PATTERNS,
	      "alert tcp any any <> any any (content:\"one\"; sid:1;)\n" TCP
	      "(content:\"two\"; content:!\"x\"; sid:2;)\n"
	      "alert udp any any -> any any (content:\"u\"; sid:3;)\n"
	      "alert tcp any any <> 10.0.0.0/8 80 (content:\"three\"; nocase; sid:4;)\n",
	      "0 1 2 3 4 - 6", false);
	check("one direction", PATTERNS,
	      TCP "(content:\"one\"; flow:to_server; sid:1;)\n" TCP
		  "(content:\"two\"; content:!\"x\"; sid:2;)\n"
		  "alert udp any any -> any any (content:\"u\"; sid:3;)\n"
		  "alert tcp any any -> 10.0.0.0/8 80 (content:\"three\"; nocase; sid:4;)\n",
	      "0 1 2 3 4 - 6", false);
	check("another content", PATTERNS,
	      TCP "(content:\"One\"; sid:1;)\n" TCP
		  "(content:\"two\"; content:!\"y\"; sid:2;)\n" TCP "(content:\"u\"; sid:3;)\n"
		  "alert tcp any any -> 10.0.0.0/8 80 (content:\"three\"; sid:4;)\n",
	      "0 1 2 - - - -", false);
	check("wanted, not unwanted", PATTERNS, TCP "(content:\"two\"; content:\"x\"; sid:2;)\n",
	      "0 1 2 - - - -", false);
	check("nothing", "", "", "- - - - - - -", false);
	rig_fini(&old);
}

Test(stream_set_map, patterns_are_mapped_by_file_and_id_and_look, .timeout = 60) {
	rig_init(&old, PATTERNS, "", NULL);
	check("moved", "3:/1 & 2/C\n2:/xyz/\n1:/abc/\n", "", "2 1 0", false);
	check("another flag", "1:/abc/i\n2:/xyz/\n3:/1 & 2/C\n", "", "- 1 -", false);
	check("another operator", "1:/abc/\n2:/xyz/\n3:/1 | 2/C\n", "", "0 1 -", false);
	check("once", "1:/abc/\n2:/xyz/\n3:/1 & 2/CH\n", "", "0 1 -", false);
	check("from an offset", "1:/abc/\n2:/xyz/\n3:/1 & 2/C{min_offset=9}\n", "", "0 1 -", false);
	check("up to an offset", "1:/abc/\n2:/xyz/\n3:/1 & 2/C{max_offset=9}\n", "", "0 1 -",
	      false);
	check("quiet", "1:/abc/\n2:/xyz/\n3:/1 & 2/CQ\n", "", "0 1 -", false);
	check("the same otherwise written", "1:/abc/\n2:/xyz/\n3:/(1&2)/C\n", "", "0 1 2", true);
	check("more", PATTERNS "4:/more/\n", "", "0 1 2", false);
	check("an extension", "1:/abc/{min_offset=4}\n2:/xyz/\n", "", "- 1 -", false);
	rig_fini(&old);
}

static void add_patterns(struct set_rig *g, const char *name, const char *text) {
	struct err err = {};
	if (g->patterns == NULL)
		g->patterns = ruleset_new();
	cr_assert_eq(
		ruleset_add_text(g->patterns, name, text, strlen(text), &err), 0, "%s", err.text
	);
}

Test(stream_set_map, a_file_is_known_by_its_name_without_folders) {
	bool same;
	add_patterns(&old, "/etc/a/x.hs", "1:/abc/\n");
	add_patterns(&old, "/etc/a/y.hs", "1:/def/\n");
	add_patterns(&old, "/etc/b/x.hs", "1:/ghi/\n");
	add_patterns(&now, "y.hs", "1:/def/\n");
	add_patterns(&now, "/tmp/x.hs", "1:/abc/\n");
	add_patterns(&now, "/tmp/z.hs", "1:/jkl/\n");
	add_patterns(&now, "c/x.hs", "1:/ghi/\n");
	rig_make(&old, NULL);
	rig_make(&now, NULL);
	rig_settle(&old);
	rig_settle(&now);
	const char *got = map_text(&same);
	cr_expect_str_eq(got, "1 0 3", "%s", got);
	cr_expect_not(same);
	rig_fini(&old);
	rig_fini(&now);
}

Test(stream_set_map, what_was_refused_since_is_no_rule) {
	bool same;
	rig_init(&old, PATTERNS, "", NULL);
	now.patterns = rig_patterns(PATTERNS);
	rig_make(&now, NULL);
	cr_assert_eq(ruleset_refuse(now.patterns, 2, "test", "no more"), 0);
	rig_settle(&now);
	const char *got = map_text(&same);
	cr_expect_str_eq(got, "0 1 -", "%s", got);
	cr_expect_not(same);
	rig_fini(&now);
	rig_fini(&old);
}

Test(stream_set_map, headers_alone_make_a_difference) {
	static const struct {
		const char *old, *now;
		bool same;
	} t[] = {
		{"any any -> any 80 (", "any any <> any 80 (", false},
		{"any any -> any any (", "any any -> any any (flow:stateless;", true},
		{"any 80 -> any any (", "any 80 -> any any (flow:to_client;", false},
		{"10.0.0.1 any -> any any (", "10.0.0.2 any -> any any (", false},
		{"any any -> fe80::/16 any (", "any any -> fe80::/17 any (", false},
	};
	const struct stream_set_config conf = {.groups = 1};
	bool same;
	char text[2][256];
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(
			text[0], sizeof(text[0]), "alert tcp %s content:\"a\"; sid:1;)\n", t[i].old
		);
		snprintf(
			text[1], sizeof(text[1]), "alert tcp %s content:\"a\"; sid:1;)\n", t[i].now
		);
		rig_init(&old, "", text[0], &conf);
		rig_init(&now, "", text[1], &conf);
		cr_expect_str_eq(map_text(&same), "0");
		cr_expect_eq(same, t[i].same, "%s: %d", t[i].now, same);
		rig_fini(&old);
		rig_fini(&now);
	}
}
