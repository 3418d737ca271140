// Alerts by name, for tests.
#pragma once

#include "flow/alert.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

static inline struct alert
make_alert(const struct rule_info *rule, int64_t time_us, const char *src, const char *dst) {
	struct alert a = {
		.key = {.flags = KEY_V4, .proto = 17, .src_port = 1000, .dst_port = 53},
		.time_us = time_us,
		.turn_us = time_us,
		.rule = rule,
		.bytes = 100,
		.packets = 1,
	};
	cr_assert_eq(inet_pton(AF_INET, src, a.key.src4), 1);
	cr_assert_eq(inet_pton(AF_INET, dst, a.key.dst4), 1);
	return a;
}
