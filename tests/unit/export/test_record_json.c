// Records as JSON lines: which fields stand in them, and in what form.

#include "base/field.h"
#include "export/record_json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const uint32_t five_tuple = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP)
	| FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT) | FIELD_BIT(FIELD_PROTO);

static const char *print(uint32_t fields, const struct flow_sum *sum, bool partial) {
	static char buf[RECORD_JSON_MAX + 1];
	struct window_info w = {
		.stream = "flows",
		.fields = fields,
		.start_us = 1700000000000000,
		.end_us = 1700000010000000,
		.partial = partial,
	};
	buf[record_json(buf, &w, sum, NULL)] = '\0';
	return buf;
}

Test(record_json, is_the_contracts_example) {
	struct flow_sum s = {
		.key = {.flags = KEY_V4,
			.src4 = {10, 0, 0, 1},
			.dst4 = {10, 0, 0, 2},
			.src_port = 51000,
			.dst_port = 80,
			.proto = 6},
		.packets = 12,
		.bytes = 3400,
		.frame_bytes = 3568,
		.first_us = 1700000000000001,
		.last_us = 1700000000000002,
		.tcp_flags = 27,
		.matches = 1,
	};
	cr_assert_str_eq(
		print(five_tuple, &s, false),
		"{\"type\":\"window\",\"stream\":\"flows\",\"window_start_us\":1700000000000000,"
		"\"window_end_us\":1700000010000000,\"src_ip\":\"10.0.0.1\",\"src_port\":51000,"
		"\"dest_ip\":\"10.0.0.2\",\"dest_port\":80,\"proto\":6,\"packets\":12,\"bytes\":3400,"
		"\"frame_bytes\":3568,\"first_us\":1700000000000001,\"last_us\":1700000000000002,"
		"\"tcp_flags\":27,\"matches\":1}\n"
	);
}

Test(record_json, tells_the_other_direction_behind_all_that_is_of_both) {
	struct flow_sum s = {.key = {.proto = 6}, .packets = 1, .tcp_flags = 2, .matches = 3};
	struct flow_back back = {.packets = 4, .bytes = 5, .frame_bytes = 6, .tcp_flags = 7};
	struct window_info w = {.stream = "flows", .fields = FIELD_BIT(FIELD_PROTO)};
	char line[RECORD_JSON_MAX + 1];
	line[record_json(line, &w, &s, &back)] = '\0';
	const char *behind = "\"tcp_flags\":2,\"matches\":3,\"rev_packets\":4,\"rev_bytes\":5,"
			     "\"rev_frame_bytes\":6,\"rev_tcp_flags\":7}\n";
	cr_expect_not_null(strstr(line, behind), "%s", line);
}

Test(record_json, leaves_out_fields_that_are_not_there) {
	struct flow_sum s = {.key = {.flags = KEY_V4 | KEY_VLAN, .vlan = 7}, .packets = 1};
	uint32_t fields = FIELD_BIT(FIELD_VLAN) | FIELD_BIT(FIELD_VLAN_INNER)
		| FIELD_BIT(FIELD_MPLS) | FIELD_BIT(FIELD_VNI) | FIELD_BIT(FIELD_ICMP_TYPE);
	const char *line = print(fields, &s, false);
	cr_assert_not_null(strstr(line, "\"vlan\":7"));
	cr_assert_null(strstr(line, "vlan_inner"));
	cr_assert_null(strstr(line, "mpls"));
	cr_assert_null(strstr(line, "vni"));
	cr_assert_null(strstr(line, "icmp_type"));
	cr_assert_null(strstr(line, "src_ip"));
}

Test(record_json, holds_every_field_a_stream_can_ask_for) {
	struct flow_sum s = {
		.key = {.flags = KEY_V6 | KEY_VLAN | KEY_VLAN_INNER | KEY_MPLS | KEY_VNI | KEY_ICMP,
			.vlan = 100,
			.mpls_vlan_inner = 1048575u << 12 | 200,
			.vni = 16777215,
			.tos = 184,
			.in_port = 3,
			.icmp_type = 8,
			.icmp_code = 1,
			.proto = 58},
		.rule = {UINT32_MAX - 1, UINT32_MAX},
		.packets = UINT64_MAX,
	};
	memset(s.key.src6, 0xff, 16);
	s.key.dst6[15] = 1;
	const char *line = print(FIELD_SET_ALL, &s, true);
	static const char *const parts[] = {
		"\"src_ip\":\"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\"",
		"\"dest_ip\":\"::1\"",
		"\"vlan\":100",
		"\"vlan_inner\":200",
		"\"mpls\":1048575",
		"\"vni\":16777215",
		"\"tos\":184",
		"\"in_port\":3",
		"\"icmp_type\":8",
		"\"icmp_code\":1",
		"\"rule\":4294967295",
		"\"gid\":4294967294",
		"\"packets\":18446744073709551615",
		"\"partial\":true}\n",
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		cr_expect_not_null(strstr(line, parts[i]), "%s in %s", parts[i], line);
}

Test(record_json, a_network_has_its_length_beside_it) {
	char buf[RECORD_JSON_MAX + 1];
	struct window_info w = {
		.stream = "flows",
		.fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP),
		.cut = {.v4 = {8, 0}, .v6 = {0, 64}},
	};
	struct flow_sum four = {
		.key = {.flags = KEY_V4, .src4 = {10, 1, 2, 0}, .dst4 = {10, 9, 9, 9}},
	};
	struct flow_sum six = {.key = {.flags = KEY_V6, .src6 = {0xfd}, .dst6 = {0xfe}}};
	buf[record_json(buf, &w, &four, NULL)] = '\0';
	cr_expect_not_null(
		strstr(buf,
		       "\"src_ip\":\"10.1.2.0\",\"src_ip_prefix\":24,"
		       "\"dest_ip\":\"10.9.9.9\",\"dest_ip_prefix\":32,\"packets\""),
		"%s", buf
	);
	buf[record_json(buf, &w, &six, NULL)] = '\0';
	cr_expect_not_null(
		strstr(buf,
		       "\"src_ip\":\"fd00::\",\"src_ip_prefix\":128,"
		       "\"dest_ip\":\"fe00::\",\"dest_ip_prefix\":64,\"packets\""),
		"%s", buf
	);
}

Test(record_json, says_how_many_values_and_how_sure_that_is) {
	static const struct {
		enum distinct_is is;
		const char *text;
	} table[] = {
		{DISTINCT_NONE, "\"matches\":0}"},
		{DISTINCT_EXACT, "\"matches\":0,\"distinct_dest_ip\":4294967295}"},
		{DISTINCT_ESTIMATED, "\"distinct_dest_ip\":4294967295,\"distinct_error\":0.01625}"},
		{DISTINCT_LEAST, "\"distinct_dest_ip\":4294967295,\"distinct_full\":true}"},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char buf[RECORD_JSON_MAX + 1];
		struct window_info w = {.stream = "s", .distinct = FIELD_BIT(FIELD_DEST_IP)};
		struct flow_sum s = {.distinct = UINT32_MAX, .distinct_is = table[i].is};
		buf[record_json(buf, &w, &s, NULL)] = '\0';
		cr_expect_not_null(strstr(buf, table[i].text), "%s", buf);
	}
}

Test(record_json, the_rest_row_has_no_key) {
	struct flow_sum s = {.key = {.flags = KEY_REST}, .packets = 5, .first_us = -3};
	const char *line = print(five_tuple, &s, false);
	cr_assert_not_null(strstr(line, "\"rest\":\"full\",\"packets\":5"));
	cr_assert_null(strstr(line, "src_port"));
	cr_assert_not_null(strstr(line, "\"first_us\":-3"));
	s.top = true;
	cr_assert_not_null(strstr(print(five_tuple, &s, false), "\"rest\":\"top\",\"packets\":5"));
}

Test(record_json, the_longest_record_fits) {
	struct flow_sum s;
	struct flow_back back;
	memset(&s, 0xff, sizeof(s));
	memset(&back, 0xff, sizeof(back));
	s.key.flags = 0xff & ~KEY_REST;
	char buf[RECORD_JSON_MAX];
	struct window_info w = {
		.stream = "abcdefghijklmnopqrstuvwxyz012345",
		.fields = FIELD_SET_ALL,
		.cut = {.v4 = {1, 1}, .v6 = {1, 1}},
		.distinct = FIELD_BIT(FIELD_VLAN_INNER),
		.start_us = INT64_MIN,
		.end_us = INT64_MIN,
		.tail_us = 1,
		.partial = true};
	s.first_us = s.last_us = INT64_MIN;
	s.reason = FLOW_END_RESOURCES;
	s.distinct_is = DISTINCT_ESTIMATED;
	s.partial = true;
	cr_assert_lt(record_json(buf, &w, &s, &back), RECORD_JSON_MAX);
}

Test(record_json, sessions_and_flows_are_windows_of_their_own_and_say_why_they_ended) {
	struct window_info w = {.stream = "s", .fields = 0, .tail_us = 30};
	struct flow_sum s = {.packets = 1, .first_us = 100, .last_us = 200};
	static const struct {
		enum flow_end reason;
		const char *name;
	} table[] = {
		{FLOW_END_IDLE, "idle"},
		{FLOW_END_ACTIVE, "active"},
		{FLOW_END_END, "end"},
		{FLOW_END_FORCED, "forced"},
		{FLOW_END_RESOURCES, "resources"},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char line[RECORD_JSON_MAX + 1], want[256];
		s.reason = (uint8_t)table[i].reason;
		s.partial = i == 3;
		snprintf(
			want, sizeof(want),
			"{\"type\":\"window\",\"stream\":\"s\",\"window_start_us\":100,"
			"\"window_end_us\":230,\"packets\":1,\"bytes\":0,\"frame_bytes\":0,"
			"\"first_us\":100,\"last_us\":200,\"tcp_flags\":0,\"matches\":0,"
			"\"reason\":\"%s\"%s}\n",
			table[i].name, i == 3 ? ",\"partial\":true" : ""
		);
		line[record_json(line, &w, &s, NULL)] = '\0';
		cr_expect_str_eq(line, want);
	}
}

Test(record_json, a_rules_record_names_it_behind_the_key) {
	uint32_t fields = FIELD_BIT(FIELD_DEST_PORT) | FIELD_BIT(FIELD_RULE);
	struct flow_sum s = {
		.key = {.dst_port = 80}, .rule = {1, 2019401}, .packets = 2, .matches = 2};
	cr_expect_not_null(strstr(
		print(fields, &s, false), ",\"dest_port\":80,\"rule\":2019401,\"packets\":2,"
	));
	s.rule.gid = 116;
	cr_expect_not_null(
		strstr(print(fields, &s, false),
		       ",\"dest_port\":80,\"rule\":2019401,\"gid\":116,\"packets\":2,")
	);
	cr_expect_null(strstr(print(FIELD_BIT(FIELD_DEST_PORT), &s, false), "rule"));
	s.key.flags = KEY_REST;
	cr_expect_not_null(strstr(print(fields, &s, false), "\"rest\":\"full\",\"packets\":2,"));
}

Test(record_json, a_count_that_is_full_has_no_reason) {
	struct window_info w = {.stream = "s", .fields = 0, .tail_us = 1};
	struct flow_sum s = {.packets = 5, .first_us = 100, .last_us = 200};
	char line[RECORD_JSON_MAX + 1];
	line[record_json(line, &w, &s, NULL)] = '\0';
	cr_expect_not_null(strstr(line, "\"window_start_us\":100,\"window_end_us\":201,"));
	cr_expect_not_null(strstr(line, "\"matches\":0}\n"));
}
