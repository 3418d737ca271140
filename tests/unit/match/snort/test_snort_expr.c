// lib/match/snort/snort_expr.c with snort_atom.c, snort_sum.c and snort_scope.c: addresses, ports, lists,
// negations and variables.

#include "match/snort/snort_atom.h"
#include "test_snort_rig.h"

#include <arpa/inet.h>

static bool address_in(const struct snort_addresses *set, const char *address) {
	uint8_t octets[16];
	if (inet_pton(AF_INET, address, octets) == 1) {
		uint32_t number;
		memcpy(&number, octets, 4);
		return snort_ranges_has(set->v4, ntohl(number));
	}
	cr_assert_eq(inet_pton(AF_INET6, address, octets), 1, "%s", address);
	return snort_ranges_has(set->v6, snort_v6_number(octets));
}

static struct snort_rules with_source(const char *source, const char *lines) {
	char text[2048];
	snprintf(text, sizeof(text), "%salert ip %s any -> any any (sid:1;)", lines, source);
	return accept_text(text, NULL);
}

Test(snort_expr, addresses_are_in_their_sets) {
	static const struct {
		const char *source;
		const char *in[4], *out[4];
	} t[] = {
		{"any", {"0.0.0.0", "255.255.255.255", "::", "ffff::1"}, {}},
		{"10.1.2.3", {"10.1.2.3"}, {"10.1.2.2", "10.1.2.4", "::"}},
		{"10.1.2.3/8", {"10.0.0.0", "10.255.255.255"}, {"9.255.255.255", "11.0.0.0"}},
		{"10.0.0.0/255.255.0.0", {"10.0.255.255"}, {"10.1.0.0"}},
		{"0.0.0.0/0", {"1.2.3.4"}, {"::1"}},
		{"10.0.0.5-10.0.1.2", {"10.0.0.5", "10.0.1.2"}, {"10.0.0.4", "10.0.1.3"}},
		{"2001:db8::/32", {"2001:db8:ffff::1"}, {"2001:db9::", "1.1.1.1"}},
		{"::/0", {"::", "ffff::"}, {"1.1.1.1"}},
		{"fe80::1-fe80::5", {"fe80::3"}, {"fe80::6"}},
		{"!10.0.0.0/8", {"9.9.9.9", "2001::"}, {"10.1.1.1"}},
		{"!!10.0.0.0/8", {"10.1.1.1"}, {"9.9.9.9", "2001::"}},
		{"[10.0.0.0/8, 11.0.0.1]", {"10.1.1.1", "11.0.0.1"}, {"11.0.0.2"}},
		{"[10.0.0.0/8,!10.1.0.0/16]", {"10.2.0.0"}, {"10.1.0.0", "9.9.9.9"}},
		{"[!10.1.0.0/16,10.0.0.0/8]", {"10.2.0.0"}, {"10.1.0.0", "9.9.9.9"}},
		{"[!10.1.0.0/16,!11.0.0.0/8]", {"10.2.0.0", "::1"}, {"10.1.0.0", "11.1.1.1"}},
		{"![10.0.0.0/8,11.0.0.0/8]", {"9.9.9.9", "::1"}, {"10.1.1.1", "11.1.1.1"}},
		// A negation wins wherever it stands in a list.
		{"[10.1.1.1,[10.0.0.0/8,!10.1.0.0/16]]", {"10.2.0.1"}, {"10.1.1.1"}},
		{"![10.0.0.0/8,!10.1.0.0/16]", {"10.1.1.1", "9.9.9.9"}, {"10.2.0.1"}},
		{"[10.0.0.0/8,![10.1.0.0/16,!10.1.1.0/24]]",
		 {"10.1.1.9", "10.9.9.9"},
		 {"10.1.2.1"}},
		{"$HOME_NET", {"192.168.1.1", "10.1.1.1", "172.31.0.1"}, {"172.32.0.1", "8.8.8.8"}},
		{"$EXTERNAL_NET", {"8.8.8.8", "172.32.0.1", "2001::"}, {"10.1.1.1"}},
		{"!$EXTERNAL_NET", {"10.1.1.1"}, {"8.8.8.8", "2001::"}},
		{"[$EXTERNAL_NET,!8.8.8.8]", {"9.9.9.9"}, {"8.8.8.8", "10.0.0.1"}},
		{"[$HOME_NET,$HTTP_SERVERS]", {"10.1.1.1"}, {"8.8.8.8"}},
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct snort_rules rs = with_source(t[i].source, "");
		const struct snort_addresses *src = &rs.rules[0].src;
		for (unsigned k = 0; k < 4 && t[i].in[k] != NULL; k++)
			cr_expect(address_in(src, t[i].in[k]), "%s: %s", t[i].source, t[i].in[k]);
		for (unsigned k = 0; k < 4 && t[i].out[k] != NULL; k++)
			cr_expect(
				!address_in(src, t[i].out[k]), "%s: %s", t[i].source, t[i].out[k]
			);
		snort_rules_fini(&rs);
	}
}

Test(snort_expr, ports_are_in_their_sets) {
	static const struct {
		const char *ports;
		int in[4], out[4]; // -1: no further one
	} t[] = {
		{"any", {0, 65535, -1}, {-1}},
		{"80", {80, -1}, {79, 81, -1}},
		{"80:82", {80, 82, -1}, {79, 83, -1}},
		{"1024:", {1024, 65535, -1}, {1023, -1}},
		{":1023", {0, 1023, -1}, {1024, -1}},
		{"!80", {79, 81, 0, -1}, {80, -1}},
		{"!21:23", {20, 24, -1}, {21, 23, -1}},
		{"[80,81, 443]", {80, 81, 443, -1}, {82, -1}},
		{"[21,1024:]", {21, 1024, -1}, {22, -1}},
		{"[1:100,!50,!60:70]", {49, 51, 71, -1}, {50, 60, 70, 101}},
		{"![80,443]", {81, -1}, {80, 443, -1}},
		{"$HTTP_PORTS", {80, -1}, {81, -1}},
		{"!$HTTP_PORTS", {81, -1}, {80, -1}},
		{"$SHELLCODE_PORTS", {81, -1}, {80, -1}},
		{"[$HTTP_PORTS,8080]", {80, 8080, -1}, {81, -1}},
	};
	char text[256];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(text, sizeof(text), "alert tcp any any -> any %s (sid:1;)", t[i].ports);
		struct snort_rules rs = accept_text(text, NULL);
		const struct snort_ranges *ports = rs.rules[0].dst_ports;
		for (unsigned k = 0; k < 4 && t[i].in[k] >= 0; k++)
			cr_expect(
				snort_ranges_has(ports, (unsigned)t[i].in[k]), "%s: %d", t[i].ports,
				t[i].in[k]
			);
		for (unsigned k = 0; k < 4 && t[i].out[k] >= 0; k++)
			cr_expect(
				!snort_ranges_has(ports, (unsigned)t[i].out[k]), "%s: %d",
				t[i].ports, t[i].out[k]
			);
		snort_rules_fini(&rs);
	}
}

Test(snort_expr, what_is_no_address_or_port_is_refused) {
	static const struct {
		const char *source, *ports, *group, *says;
	} t[] = {
		{"10.0.0.256", "any", "address", "'10.0.0.256' is no address"},
		{"10.0.0.0/33", "any", "address", "prefix length"},
		{"10.0.0.0/", "any", "address", "prefix length"},
		{"10.0.0.0/255.0.255.0", "any", "address", "prefix length"},
		{"2001::/129", "any", "address", "prefix length"},
		{"10.0.0.9-10.0.0.1", "any", "address", "no range"},
		{"10.0.0.1-::1", "any", "address", "no range"},
		{"example.org", "any", "address", "no address"},
		{"[10.0.0.1", "any", "syntax", "header"},
		{"[10.0.0.1]x", "any", "address", "not closed"},
		{"[]", "any", "address", "nothing where an item"},
		{"[10.0.0.1,]", "any", "address", "nothing where an item"},
		{"!", "any", "address", "nothing where an item"},
		{"!any", "any", "address", "nothing is left"},
		{"[10.0.0.1,!10.0.0.0/8]", "any", "address", "nothing is left"},
		{"$", "any", "undefined variable", "$"},
		{"$NOBODY", "any", "undefined variable", "$NOBODY"},
		{"[$HOME_NET,$NOBODY]", "any", "undefined variable", "$NOBODY"},
		{"any", "65536", "port", "no port"},
		{"any", "-1", "port", "no port"},
		{"any", ":", "port", "no range"},
		{"any", "90:80", "port", "no range"},
		{"any", "80:x", "port", "no range"},
		{"any", "!0:65535", "port", "nothing is left"},
		{"any", "[80,!80]", "port", "nothing is left"},
		{"any", "$HOME_NET", "port", "variable $HOME_NET: '192.168.0.0/16' is no port"},
	};
	char text[256];
	for (unsigned i = 0; i < COUNT(t); i++) {
		snprintf(
			text, sizeof(text), "alert tcp %s %s -> any any (sid:1;)", t[i].source,
			t[i].ports
		);
		assert_refused(text, t[i].group, t[i].says);
	}
}

Test(snort_expr, a_files_variables_hold_from_their_line_on) {
	struct snort_rules rs = read_text(
		"alert ip $HOME_NET any -> any any (sid:1;)\n"
		"ipvar HOME_NET 1.0.0.0/8\n"
		"var MINE [$HOME_NET,2.0.0.0/8]\n"
		"portvar P [1:3,!2]\n"
		"alert tcp $MINE $P -> $EXTERNAL_NET any (sid:2;)\n"
		"ipvar HOME_NET 3.0.0.0/8\n"
		"alert tcp $MINE any -> any any (sid:3;)\n",
		NULL
	);
	cr_assert_eq(rs.n_refusals, 0u);
	cr_assert_eq(rs.n_rules, 3u);
	cr_expect(address_in(&rs.rules[0].src, "10.0.0.1"));
	cr_expect(!address_in(&rs.rules[1].src, "10.0.0.1"));
	cr_expect(address_in(&rs.rules[1].src, "1.0.0.1"));
	cr_expect(address_in(&rs.rules[1].src, "2.0.0.1"));
	cr_expect(snort_ranges_has(rs.rules[1].src_ports, 3));
	cr_expect(!snort_ranges_has(rs.rules[1].src_ports, 2));
	cr_expect(address_in(&rs.rules[1].dst, "10.0.0.1"), "EXTERNAL_NET follows HOME_NET");
	cr_expect(!address_in(&rs.rules[1].dst, "1.0.0.1"));
	cr_expect(address_in(&rs.rules[2].src, "3.0.0.1"));
	cr_expect(!address_in(&rs.rules[2].src, "1.0.0.1"));
	cr_assert_eq(rs.rules[2].line, 7u);
	snort_rules_fini(&rs);
}

Test(snort_expr, the_callers_variables_win) {
	static const struct snort_var vars[] = {
		{"HOME_NET", "any"}, {"EXTERNAL_NET", "any"}, {"LAB", "[5.0.0.0/8,$HOME_NET]"}};
	static const struct snort_vars given = {.vars = vars, .n = COUNT(vars)};
	struct snort_rules rs = accept_text(
		"ipvar HOME_NET 1.0.0.0/8\nalert ip $HOME_NET any -> $LAB any (sid:1;)\n", &given
	);
	cr_expect(address_in(&rs.rules[0].src, "8.8.8.8"));
	cr_expect(address_in(&rs.rules[0].dst, "8.8.8.8"));
	snort_rules_fini(&rs);
}

Test(snort_expr, variables_that_lead_nowhere_are_refused_when_named) {
	static const struct {
		const char *text, *group, *says;
	} t[] = {
		{"var A $A\nalert ip $A any -> any any (sid:1;)", "variable",
		 "$A refers to itself"},
		{"var A [1.1.1.1,$B]\nvar B !$A\nalert ip $B any -> any any (sid:1;)", "variable",
		 "refers to itself"},
		{"var A x\nalert ip $A any -> any any (sid:1;)", "address", "variable $A: 'x'"},
		{"var RULE_PATH ../rules\nalert ip $RULE_PATH any -> any any (sid:1;)", "address",
		 "variable $RULE_PATH"},
		{"var A", "variable", "ipvar NAME value"},
		{"portvar", "variable", "ipvar NAME value"},
		{"var [A] 1.1.1.1", "variable", "ipvar NAME value"},
	};
	for (unsigned i = 0; i < COUNT(t); i++)
		assert_refused(t[i].text, t[i].group, t[i].says);
	struct snort_rules rs = read_text("var RULE_PATH ../rules\n", NULL);
	cr_assert_eq(rs.n_refusals, 0u, "nobody named it");
	snort_rules_fini(&rs);
}

Test(snort_expr, deep_nesting_is_refused) {
	char text[512];
	snprintf(
		text, sizeof(text), "alert ip %.*s10.0.0.1%.*s any -> any any (sid:1;)", 40,
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 40,
		"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
	);
	assert_refused(text, "address", "nested too deeply");
}

// Each variable names the one before it many times: without a bound this would take for ever.
Test(snort_expr, lists_that_explode_are_refused, .timeout = 60) {
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	fprintf(f, "var A0 [1.0.0.1,1.0.0.3,1.0.0.5]\n");
	for (unsigned i = 1; i <= 10; i++) {
		fprintf(f, "var A%u [", i);
		for (unsigned k = 0; k < 100; k++)
			fprintf(f, "%s$A%u", k > 0 ? "," : "", i - 1);
		fprintf(f, "]\n");
	}
	fprintf(f, "alert ip $A10 any -> any any (sid:1;)\n");
	fclose(f);
	assert_refused(text, "limit", "ranges");
	free(text);
}

// A big list that every rule names anew in another way costs each time; the file's budget ends it.
Test(snort_expr, a_file_has_a_budget, .timeout = 120) {
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	fprintf(f, "var A [1.0.0.1");
	for (unsigned i = 1; i < 15000; i++)
		fprintf(f, ",1.%u.%u.%u", i >> 15, (i >> 7) & 255, (i & 127) * 2);
	fprintf(f, "]\n");
	for (unsigned i = 0; i < 3000; i++)
		fprintf(f, "alert ip [$A,2.0.%u.%u] any -> any any (sid:%u;)\n", i >> 8, i & 255,
			i + 1);
	fclose(f);
	struct snort_rules rs = {};
	struct err err = {};
	cr_assert_eq(snort_file_read_text("big", text, len, NULL, &rs, &err), 0, "%s", err.text);
	cr_assert_eq(rs.n_rules + rs.n_refusals, 3000u);
	cr_assert_gt(rs.n_rules, 0u);
	cr_assert_gt(rs.n_refusals, 0u);
	cr_assert_str_eq(rs.refusals[rs.n_refusals - 1].group, "limit");
	cr_assert_leq(rs.pool.n_ranges, SNORT_POOL_RANGES_MAX);
	snort_rules_fini(&rs);
	free(text);
}
