// Which refusals are mistakes. tests/lint sees to it that the table is complete.

#include "match/rules/rule_group.h"

#include <criterion/criterion.h>

Test(rule_group, mistakes_are_told_from_what_cannot_be_had) {
	static const char *const faults[] = {
		"syntax", "compile",        "bad option", "no sid", "undefined variable",
		"flags",  "unknown action",
	};
	static const char *const others[] = {
		"unsupported",
		"too_large",
		"limit",
		"keyword dataset",
		"sticky buffer http.uri",
		"content modifier http_uri",
		"unknown keyword",
		"stream: too far apart",
		"action pass",
		"duplicate sid",
	};
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		cr_expect(rule_group_is_fault(faults[i]), "%s", faults[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_not(rule_group_is_fault(others[i]), "%s", others[i]);
}

Test(rule_group, what_nobody_listed_is_a_mistake) {
	cr_expect(rule_group_is_fault("keyword"));
	cr_expect(rule_group_is_fault("unsupported "));
	cr_expect(rule_group_is_fault(""));
}
