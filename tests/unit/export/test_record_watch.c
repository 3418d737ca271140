// Change alerts as JSON lines.

#include "base/field.h"
#include "export/record_watch.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *print(const struct watch_alert *a) {
	static char buf[RECORD_WATCH_MAX + 1];
	buf[record_watch(buf, a)] = '\0';
	return buf;
}

static const struct flow_key key = {.flags = KEY_V4, .src4 = {10, 0, 0, 1}, .dst_port = 53};

Test(record_watch, says_who_when_and_how_much) {
	struct watch_alert a = {
		.name = "burst",
		.stream = "hosts",
		.fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_PORT),
		.start_us = -20,
		.end_us = 1700000010000000,
		.key = &key,
		.measure = MEASURE_FRAME_BYTES,
		.value = 900,
		.threshold = {401, 0},
		.has_mean = true,
		.mean = {100, 250},
		.partial = true};
	cr_expect_str_eq(
		print(&a),
		"{\"type\":\"alert\",\"alert\":\"burst\",\"stream\":\"hosts\",\"window_start_us\":-20,"
		"\"window_end_us\":1700000010000000,\"src_ip\":\"10.0.0.1\",\"dest_port\":53,"
		"\"field\":\"frame_bytes\",\"value\":900,\"threshold\":401,\"mean\":100.25,"
		"\"partial\":true}\n"
	);
}

Test(record_watch, leaves_out_what_is_not_there) {
	struct watch_alert a = {
		.name = "a",
		.stream = "s",
		.fields = FIELD_BIT(FIELD_RULE),
		.key = &key,
		.rule = {1, 7},
		.measure = MEASURE_MATCHES};
	cr_expect_str_eq(
		print(&a),
		"{\"type\":\"alert\",\"alert\":\"a\",\"stream\":\"s\",\"window_start_us\":0,"
		"\"window_end_us\":0,\"rule\":7,\"field\":\"matches\",\"value\":0,\"threshold\":0}\n"
	);
}

Test(record_watch, fractions_have_up_to_three_places) {
	static const struct {
		uint32_t thousandths;
		const char *text;
	} table[] = {{1, "5.001,"}, {10, "5.01,"}, {100, "5.1,"}, {120, "5.12,"}, {999, "5.999,"}};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct watch_alert a = {
			.name = "a",
			.stream = "s",
			.key = &key,
			.threshold = {5, table[i].thousandths},
			.has_mean = true};
		cr_expect_not_null(strstr(print(&a), table[i].text), "%s", print(&a));
	}
}

Test(record_watch, the_longest_record_fits) {
	struct flow_key full;
	memset(&full, 0xff, sizeof(full));
	full.flags = 0xff & ~KEY_REST;
	struct watch_alert a = {
		.name = "abcdefghijklmnopqrstuvwxyz012345",
		.stream = "abcdefghijklmnopqrstuvwxyz012345",
		.fields = FIELD_SET_ALL,
		.start_us = INT64_MIN,
		.end_us = INT64_MIN,
		.key = &full,
		.rule = {UINT32_MAX, UINT32_MAX},
		.measure = MEASURE_FRAME_BYTES,
		.value = UINT64_MAX,
		.threshold = {UINT64_MAX, 999},
		.has_mean = true,
		.mean = {UINT64_MAX, 999},
		.partial = true};
	cr_expect_lt(strlen(print(&a)), RECORD_WATCH_MAX);
}
