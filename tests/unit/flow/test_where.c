// Conditions over fields of a key: what they hold for, and what is said of those that are none.

#include "flow/where.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define FIELDS (FIELD_SET_ALL & ~FIELD_BIT(FIELD_TOS))

static const struct key_cut whole;

// 10.1.2.3:1024 to 192.168.0.1:443 by TCP, in VLAN 7.
static const struct flow_key four = {
	.flags = KEY_V4 | KEY_VLAN,
	.proto = 6,
	.src_port = 1024,
	.dst_port = 443,
	.vlan = 7,
	.src4 = {10, 1, 2, 3},
	.dst4 = {192, 168, 0, 1},
};

// 2001:db8::1 to ffff::ffff, an echo request.
static const struct flow_key six = {
	.flags = KEY_V6 | KEY_ICMP | KEY_MPLS | KEY_VNI | KEY_VLAN_INNER,
	.proto = 58,
	.icmp_type = 128,
	.vni = 0xffffff,
	.mpls_vlan_inner = 1000 << 12 | 99,
	.src6 = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
	.dst6 = {[0 ... 15] = 0xff},
};

static const struct rule_id rule = {.gid = 1, .sid = 4000000000};

static bool holds(const char *text, const struct flow_key *key) {
	struct err err = {0};
	struct where *w = where_new(text, FIELDS, &whole, &err);
	cr_assert_not_null(w, "%s: %s", text, err.text);
	bool yes = where_holds(w, key, rule);
	where_free(w);
	return yes;
}

Test(where, holds_for_what_it_says) {
	static const struct {
		const char *text;
		bool four, six;
	} table[] = {
		{"proto = 6", true, false},
		{"proto == tcp", true, false},
		{"proto=TCP", true, false},
		{"proto != 0x6", false, true},
		{"proto <> icmp6", true, false},
		{"dest_port < 443", false, true},
		{"dest_port <= 443", true, true},
		{"dest_port > 442", true, false},
		{"dest_port >= 444", false, false},
		{"dest_port < 0", false, false},
		{"dest_port >= 0", true, true},
		{"dest_port > 65535", false, false},
		{"dest_port in 80, 443", true, false},
		{"dest_port in (80,440..450)", true, false},
		{"dest_port in 80 .. 442, 444", false, false},
		{"dest_port not in 0..79,444", true, false},
		{"not dest_port in 0", true, false},
		{"src_ip = 10.1.2.3", true, false},
		{"src_ip = 10.0.0.0/8", true, false},
		{"src_ip = 10.1.2.2/32", false, false},
		{"src_ip != 10.0.0.0/8", false, true},
		{"src_ip = 0.0.0.0/0", true, false},
		{"src_ip = ::/0", false, true},
		{"src_ip = 2001:db8::/32", false, true},
		{"src_ip in 10.1.2.0..10.1.2.9, ::1", true, false},
		{"dest_ip = ffff::ffff", false, false},
		{"dest_ip >= ffff::", false, true},
		{"dest_ip > ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false, false},
		// Families are not compared with each other.
		{"src_ip < ::2", false, false},
		{"src_ip < 2001:db8::2", false, true},
		{"src_ip > 10.0.0.0", true, false},
		// A field that is not there.
		{"vlan = 7", true, false},
		{"vlan != 8", true, false},
		{"vlan not in 8", true, false},
		{"not vlan = 7", false, true},
		{"vlan >= 0", true, false},
		{"vlan_inner = 99 and mpls = 1000 and vni = 16777215", false, true},
		{"icmp_type in 8, 128 and icmp_code = 0", false, true},
		{"in_port = 0", true, true},
		{"rule = 4000000000", true, true},
		// `and` before `or`, `not` before both.
		{"proto = 6 or proto = 58 and vlan = 7", true, false},
		{"(proto = 6 or proto = 58) and not vlan = 7", false, true},
		{"not proto = 6 and vlan = 7 or icmp_type = 128", false, true},
		{"not (proto = 6 and vlan = 7)", false, true},
		{"not not proto = 6", true, false},
		{"((proto = 17 or (dest_port = 443)) and (src_port = 1024))", true, false},
		{"\tnot\t(proto=6)OR src_port>1023 AND dest_port=443", true, true},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		cr_expect_eq(holds(table[i].text, &four), table[i].four, "%s: IPv4", table[i].text);
		cr_expect_eq(holds(table[i].text, &six), table[i].six, "%s: IPv6", table[i].text);
	}
}

static void expect_refused(const char *text, uint32_t fields, struct key_cut cut, const char *why) {
	struct err err = {0};
	struct where *w = where_new(text, fields, &cut, &err);
	cr_expect_null(w, "%s", text);
	cr_expect_str_eq(err.text, why, "%s: %s", text, err.text);
	where_free(w);
}

#define COMPARISONS " (accepted: =, !=, <, <=, >, >=, in, not in)"
#define ADDRESS " (accepted: an address or a network, as 10.0.0.0/8 or 2001:db8::/32)"

Test(where, says_what_is_wrong_and_where) {
	static const struct {
		const char *text, *why;
	} table[] = {
		{"",
		 "column 1: it ends too early (accepted: a field, not, an opening parenthesis)"},
		{"= 6", "column 1: unexpected = (accepted: a field, not, an opening parenthesis)"},
		{"port = 6", "column 1: port is not a field (accepted: src_ip, vlan)"},
		{"vlan = 6 or tos = 1",
		 "column 13: tos is not in the stream's key (accepted: src_ip, vlan)"},
		{"vlan", "column 5: it ends too early" COMPARISONS},
		{"vlan is 6", "column 6: unexpected is" COMPARISONS},
		{"vlan not = 6", "column 10: unexpected = (accepted: in)"},
		{"vlan =", "column 7: a value of vlan is missing (accepted: a number, 0 to 4095)"},
		{"vlan = 4096",
		 "column 8: 4096 is no value of vlan (accepted: a number, 0 to 4095)"},
		{"vlan = 99999999999999999999",
		 "column 8: 99999999999999999999 is no value of vlan (accepted: a number, 0 to 4095)"},
		{"vlan = 0x", "column 8: 0x is no value of vlan (accepted: a number, 0 to 4095)"},
		{"vlan = -1", "column 8: - is no value of vlan (accepted: a number, 0 to 4095)"},
		{"vlan = 1 2", "column 10: unexpected 2 (accepted: and, or, the end)"},
		{"vlan = 1 && vlan = 2", "column 10: unexpected & (accepted: and, or, the end)"},
		{"vlan = 1 \x01", "column 10: unexpected octet 0x01 (accepted: and, or, the end)"},
		{"vlan = 1 and",
		 "column 13: it ends too early (accepted: a field, not, an opening "
		 "parenthesis)"},
		{"(vlan = 1",
		 "column 10: it ends too early (accepted: and, or, a closing "
		 "parenthesis)"},
		{"vlan = 1)", "column 9: unexpected ) (accepted: and, or, the end)"},
		{"vlan in", "column 8: a value of vlan is missing (accepted: a number, 0 to 4095)"},
		{"vlan in (1, 2",
		 "column 14: it ends too early (accepted: .., a comma, a closing "
		 "parenthesis)"},
		{"vlan in 1,",
		 "column 11: a value of vlan is missing (accepted: a number, 0 to "
		 "4095)"},
		{"vlan in 9..1", "column 12: the range runs backwards (accepted: LOW..HIGH)"},
		{"src_ip = x", "column 10: x is no value of src_ip" ADDRESS},
		{"src_ip = 1.2.3", "column 10: 1.2.3 is no value of src_ip" ADDRESS},
		{"src_ip = 1.2.3.4/33", "column 10: 1.2.3.4/33 is no value of src_ip" ADDRESS},
		{"src_ip = 1.2.3.4/", "column 10: 1.2.3.4/ is no value of src_ip" ADDRESS},
		{"src_ip = 10.1.2.3/8",
		 "column 10: 10.1.2.3/8 has bits behind /8 (accepted: 10.0.0.0/8)"},
		{"src_ip < 10.0.0.0/8",
		 "column 10: a network is neither less nor more (accepted: = "
		 "and !=, or an address)"},
		{"src_ip in 1.0.0.0/8..2.0.0.0",
		 "column 22: a network at the end of a range (accepted: addresses)"},
		{"src_ip in 1.0.0.0..::1",
		 "column 20: a range of two families (accepted: both IPv4, or both IPv6)"},
	};
	uint32_t fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_VLAN);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		expect_refused(table[i].text, fields, whole, table[i].why);
}

Test(where, compares_with_what_the_key_leaves_of_an_address) {
	const struct key_cut cut = {.v4 = {8, 0}, .v6 = {64, 0}};
	uint32_t fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP);
	static const char *const fine[] = {
		"src_ip = 10.1.2.0",         "src_ip = 10.1.2.0/24",
		"src_ip = 2001:db8::/64",    "src_ip in 10.1.2.0..10.1.5.255",
		"dest_ip = 10.1.2.3/32",     "src_ip <= 10.1.2.255",
		"dest_ip != 2001:db8::1234",
	};
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
		struct err err = {0};
		struct where *w = where_new(fine[i], fields, &cut, &err);
		cr_expect_not_null(w, "%s: %s", fine[i], err.text);
		where_free(w);
	}
	expect_refused(
		"src_ip = 10.1.2.3", fields, cut,
		"column 10: 10.1.2.3 has bits behind src_ip/24 (accepted: 10.1.2.0)"
	);
	expect_refused(
		"src_ip in ::, 2001:db8:0:0:1::", fields, cut,
		"column 15: 2001:db8:0:0:1:: has bits behind src_ip/64 (accepted: 2001:db8::)"
	);
	expect_refused(
		"src_ip != 10.1.2.0/25", fields, cut,
		"column 11: /25 is finer than the key, which has src_ip/24 (accepted: /24 or less)"
	);
}

// `n` times `text` with `between` between them.
static char *repeat(const char *text, const char *between, uint32_t n) {
	char *out = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&out, &len);
	for (uint32_t i = 0; i < n; i++)
		fprintf(to, "%s%s", i > 0 ? between : "", text);
	fclose(to);
	return out;
}

Test(where, is_bounded) {
	struct err err = {0};
	for (uint32_t more = 0; more < 2; more++) {
		char *tests = repeat("vlan = 7", " and ", WHERE_TESTS_MAX + more);
		char *levels = repeat("not ", "", WHERE_DEPTH_MAX + more), *deep = NULL;
		cr_assert(asprintf(&deep, "%svlan = 7", levels) > 0);
		struct where *a = where_new(tests, FIELDS, &whole, &err);
		cr_expect_eq(a != NULL, more == 0);
		cr_expect(a == NULL || where_holds(a, &four, rule));
		if (more > 0)
			cr_expect_not_null(strstr(err.text, "too long (accepted: at most 256 comp")
			);
		struct where *b = where_new(deep, FIELDS, &whole, &err);
		cr_expect_eq(b != NULL, more == 0);
		cr_expect(b == NULL || where_holds(b, &four, rule));
		if (more > 0)
			cr_expect_not_null(strstr(err.text, "too deep (accepted: at most 64 levels")
			);
		where_free(a);
		where_free(b);
		free(tests);
		free(levels);
		free(deep);
	}
}

Test(where, a_list_may_be_long) {
	char *list = repeat("9", ", ", 5000), *text = NULL;
	cr_assert(asprintf(&text, "vlan in %s, 7", list) > 0);
	cr_expect(holds(text, &four));
	free(text);
	free(list);
}
