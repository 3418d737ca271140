// lib/base/field.c: names of the key fields.

#include "base/field.h"

#include <criterion/criterion.h>
#include <string.h>

Test(field, names_are_the_contracts_in_its_order) {
	static const char *const want[] = {
		"src_ip",  "dest_ip",    "src_port",  "dest_port", "proto",
		"vlan",    "vlan_inner", "mpls",      "vni",       "tos",
		"in_port", "icmp_type",  "icmp_code", "rule",
	};
	cr_assert_eq(sizeof(want) / sizeof(want[0]), FIELD_COUNT);
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		cr_assert_str_eq(field_name((enum field)i), want[i]);
}

Test(field, every_name_leads_back_to_its_field) {
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		cr_assert_eq(field_by_name(field_name((enum field)i)), i);
}

Test(field, a_number_that_is_no_field_has_no_name) {
	cr_assert_null(field_name(FIELD_COUNT));
	cr_assert_null(field_name((enum field) - 1));
}

Test(field, unknown_names_are_no_field) {
	static const char *const wrong[] = {"", "src", "src_ip ", "SRC_IP", "dst_ip", "icmp_codes"};
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(field_by_name(wrong[i]), FIELD_COUNT, "%s", wrong[i]);
}

Test(field, the_full_set_holds_every_bit) {
	uint32_t set = 0;
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		set |= FIELD_BIT(i);
	cr_assert_eq(set, FIELD_SET_ALL);
}
