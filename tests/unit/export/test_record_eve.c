// Alert records, word by word.

#include "alert_help.h"
#include "export/record_eve.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rule_info rule = {
	.gid = 1,
	.sid = 2001,
	.rev = 3,
	.severity = 2,
	.signature = "TEST \"quoted\"",
	.category = "Misc activity",
};
static const struct eve_ifaces none;

static const char *print(const struct eve_ifaces *ifaces, const struct alert *a) {
	static char line[RECORD_EVE_MAX + 1];
	uint32_t n = record_eve(line, ifaces, a);
	cr_assert_leq(n, RECORD_EVE_MAX);
	line[n] = '\0';
	return line;
}

static void expect_part(const struct alert *a, const char *part) {
	const char *line = print(&none, a);
	cr_expect_not_null(strstr(line, part), "%s is not in %s", part, line);
}

static void expect_no(const struct alert *a, const char *part) {
	const char *line = print(&none, a);
	cr_expect_null(strstr(line, part), "%s is in %s", part, line);
}

static struct alert example(void) {
	return make_alert(&rule, 1491603877251547, "10.0.0.1", "10.0.0.2");
}

Test(record_eve, has_suricatas_names_in_suricatas_order) {
	struct alert a = example();
	a.packets = 2;
	a.bytes = 300;
	a.key.proto = 6;
	cr_expect_str_eq(
		print(&none, &a),
		"{\"timestamp\":\"2017-04-07T22:24:37.251547+0000\",\"flow_id\":2057686654779212,"
		"\"event_type\":\"alert\",\"src_ip\":\"10.0.0.1\",\"src_port\":1000,"
		"\"dest_ip\":\"10.0.0.2\",\"dest_port\":53,\"proto\":\"TCP\",\"ip_v\":4,"
		"\"community_id\":\"1:vywW8/kln+8YtVkPCYzzMAgVQ4w=\",\"packets\":2,"
		"\"bytes\":300,\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":2001,"
		"\"rev\":3,\"signature\":\"TEST \\\"quoted\\\"\",\"category\":\"Misc activity\","
		"\"severity\":2}}\n",
		"%s", print(&none, &a)
	);
}

Test(record_eve, names_the_interface_where_there_is_one) {
	char eth[] = "eth0", odd[] = "a\"b";
	char *names[] = {eth, odd};
	struct eve_ifaces ifaces = {.name = names, .n = 2};
	struct alert a = example();
	cr_expect_not_null(strstr(print(&ifaces, &a), ",\"in_iface\":\"eth0\",\"event_type\""));
	a.key.in_port = 1;
	cr_expect_not_null(strstr(print(&ifaces, &a), ",\"in_iface\":\"a\\\"b\","));
	a.key.in_port = 2;
	cr_expect_null(strstr(print(&ifaces, &a), "in_iface"));
}

Test(record_eve, lists_vlan_tags_from_the_outside) {
	struct alert a = example();
	expect_no(&a, "vlan");
	a.key.flags |= KEY_VLAN;
	a.key.vlan = 100;
	expect_part(&a, "\"event_type\":\"alert\",\"vlan\":[100],\"src_ip\"");
	a.key.flags |= KEY_VLAN_INNER;
	a.key.mpls_vlan_inner = 77 << 12 | 4094;
	expect_part(&a, ",\"vlan\":[100,4094],");
}

Test(record_eve, has_ports_or_icmp_type_and_code_or_neither) {
	struct alert a = example();
	a.key.src_port = a.key.dst_port = 0;
	expect_part(&a, "\"src_port\":0,");
	a.key.proto = 1;
	a.key.flags |= KEY_ICMP;
	a.key.icmp_type = 8;
	expect_part(&a, "\"proto\":\"ICMP\",\"ip_v\":4,\"icmp_type\":8,\"icmp_code\":0,\"comm");
	expect_no(&a, "port\"");
	a.key.flags &= (uint8_t)~KEY_ICMP;
	expect_part(&a, "\"proto\":\"ICMP\",\"ip_v\":4,\"packets\"");
	a.key.proto = 47;
	expect_part(&a, "\"proto\":\"GRE\",\"ip_v\":4,\"community_id\"");
	expect_no(&a, "port\"");
}

Test(record_eve, names_protocols_as_suricata_does) {
	static const struct {
		uint8_t proto;
		const char *name;
	} names[] = {{6, "TCP"},   {17, "UDP"},      {132, "SCTP"}, {58, "IPv6-ICMP"},
		     {2, "IGMP"},  {50, "ESP"},      {0, "000"},    {99, "099"},
		     {254, "254"}, {136, "UDPLite"}, {33, "DCCP"},  {51, "AH"}};
	struct alert a = example();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char part[64];
		a.key.proto = names[i].proto;
		snprintf(part, sizeof(part), "\"proto\":\"%s\",", names[i].name);
		expect_part(&a, part);
	}
}

Test(record_eve, shows_ipv6) {
	struct alert a = example();
	a.key.flags = KEY_V6;
	memset(a.key.src4, 0, 4);
	memset(a.key.dst4, 0, 4);
	a.key.src6[0] = 0xfd;
	a.key.dst6[15] = 1;
	expect_part(&a, "\"src_ip\":\"fd00::\",\"src_port\":1000,\"dest_ip\":\"::1\",");
	expect_part(&a, "\"ip_v\":6,");
}

Test(record_eve, writes_any_time) {
	static const struct {
		int64_t us;
		const char *text;
	} times[] = {
		{0, "1970-01-01T00:00:00.000000+0000"},
		{-1, "1969-12-31T23:59:59.999999+0000"},
		{951868799999999, "2000-02-29T23:59:59.999999+0000"},
		{253402300799999999, "9999-12-31T23:59:59.999999+0000"},
		{253402300800000000, "10000-01-01T00:00:00.000000+0000"},
		{-62167219200000000, "0000-01-01T00:00:00.000000+0000"},
	};
	struct alert a = example();
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char part[128];
		a.time_us = times[i].us;
		snprintf(part, sizeof(part), "{\"timestamp\":\"%s\",", times[i].text);
		expect_part(&a, part);
	}
	a.time_us = (INT64_C(1) << 62) - 1;
	expect_part(&a, "{\"timestamp\":\"1");
	a.time_us = -a.time_us;
	expect_part(&a, "{\"timestamp\":\"-1");
}

Test(record_eve, shows_metadata_as_arrays_and_references) {
	static const struct rule_metadata metadata[] = {
		{"policy", "a drop"},
		{"policy", "b\"c"},
		{"created_at", "2010_07_30"},
	};
	static const char *const references[] = {"https://example.org/x", "our,7"};
	struct rule_info told = rule;
	struct alert a = example();
	a.rule = &told;
	told.metadata = metadata;
	told.n_metadata = 3;
	expect_part(
		&a,
		",\"severity\":2,\"metadata\":{\"policy\":[\"a drop\",\"b\\\"c\"],"
		"\"created_at\":[\"2010_07_30\"]}}}\n"
	);
	told.references = references;
	told.n_references = 2;
	expect_part(&a, "]},\"references\":[\"https://example.org/x\",\"our,7\"]}}\n");
	told.n_metadata = 0;
	expect_part(&a, ",\"severity\":2,\"references\":[\"https://example.org/x\",\"our,7\"]}}\n");
}

Test(record_eve, lists_that_are_too_long_end_early) {
	static char value[EVE_LIST_MAX + 1];
	static struct rule_metadata metadata[EVE_LIST_ITEMS + 1];
	memset(value, 'v', EVE_LIST_MAX);
	metadata[0] = (struct rule_metadata){"key", value};
	metadata[1] = (struct rule_metadata){"never", "shown"};
	struct rule_info told = rule;
	struct alert a = example();
	a.rule = &told;
	told.metadata = metadata;
	told.n_metadata = 2;
	expect_part(&a, "\"metadata\":{\"key\":[\"vvvv");
	expect_part(&a, "vvv...\"]}}}\n");
	expect_no(&a, "never");
	// It just fits, and so does a key without room for its value.
	metadata[0].value = value + 3;
	expect_part(&a, "vvv\"]}}}\n");
	metadata[0] = (struct rule_metadata){value, "x"};
	expect_part(&a, "vvv\":[\"...\"]}}}\n");
	for (uint32_t i = 0; i < EVE_LIST_ITEMS + 1; i++)
		metadata[i] = (struct rule_metadata){"k", i == EVE_LIST_ITEMS ? "never" : "x"};
	told.n_metadata = EVE_LIST_ITEMS + 1;
	expect_part(&a, "\"x\"]}}}\n");
	expect_no(&a, "never");
}

Test(record_eve, the_longest_texts_fit) {
	char *text = malloc(100001), part[16] = "";
	memset(text, 0x01, 100000);
	text[100000] = '\0';
	char *names[] = {text};
	struct eve_ifaces ifaces = {.name = names, .n = 1};
	struct rule_info worst = rule;
	worst.gid = worst.sid = worst.rev = UINT32_MAX;
	worst.severity = 255;
	worst.signature = worst.category = text;
	// One long text each, then as many short ones as can be.
	const char *lists[EVE_LIST_ITEMS];
	struct rule_metadata metadata[EVE_LIST_ITEMS];
	char keys[EVE_LIST_ITEMS][4];
	for (uint32_t i = 0; i < EVE_LIST_ITEMS; i++) {
		sprintf(keys[i], "\001%c", 'A' + (char)i);
		lists[i] = i == EVE_LIST_ITEMS - 1 ? text : "\001";
		metadata[i] = (struct rule_metadata){keys[i], lists[i]};
	}
	worst.references = lists;
	worst.metadata = metadata;
	worst.n_references = worst.n_metadata = EVE_LIST_ITEMS;
	struct alert a = example();
	a.rule = &worst;
	a.time_us = -((INT64_C(1) << 62) - 1);
	a.packets = a.bytes = UINT64_MAX;
	a.key.flags = KEY_V6 | KEY_VLAN | KEY_VLAN_INNER;
	memset(a.key.src6, 0xff, 16);
	memset(a.key.dst6, 0xff, 16);
	a.key.vlan = 4095;
	a.key.mpls_vlan_inner = 4095;
	a.key.src_port = a.key.dst_port = 65535;
	const char *line = print(&ifaces, &a);
	memcpy(part, line + strlen(line) - 3, 3);
	cr_expect_str_eq(part, "}}\n");
	free(text);
}
