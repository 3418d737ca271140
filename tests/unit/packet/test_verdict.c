// lib/packet/verdict.c: names of verdicts and reasons.

#include "packet/verdict.h"

#include <criterion/criterion.h>
#include <string.h>

Test(verdict, names_are_those_of_the_ledger) {
	static const char *const want[] = {
		"counted", "malformed", "non_ip", "filtered", "late", "shed",
	};
	cr_assert_eq(sizeof(want) / sizeof(want[0]), VERDICT_COUNT);
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		cr_assert_str_eq(verdict_name((enum verdict)i), want[i]);
}

Test(verdict, every_reason_but_none_has_a_name_of_its_own) {
	cr_assert_null(reason_name(REASON_NONE));
	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		const char *name = reason_name((enum reason)i);
		cr_assert_not_null(name, "reason %u", i);
		cr_assert_gt(strlen(name), 0, "reason %u", i);
		cr_assert_eq(
			strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name), "%s",
			name
		);
		for (unsigned k = REASON_NONE + 1; k < i; k++)
			cr_assert_str_neq(name, reason_name((enum reason)k));
	}
}

Test(verdict, every_reason_but_none_takes_the_frame_out_of_the_count) {
	cr_assert_eq(reason_verdict(REASON_NONE), VERDICT_COUNTED);
	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++)
		cr_assert_neq(reason_verdict((enum reason)i), VERDICT_COUNTED, "reason %u", i);
}

Test(verdict, every_verdict_but_counted_has_a_reason) {
	for (unsigned v = VERDICT_COUNTED + 1; v < VERDICT_COUNT; v++) {
		unsigned n = 0;
		for (unsigned i = 0; i < REASON_COUNT; i++)
			n += reason_verdict((enum reason)i) == v;
		cr_assert_gt(n, 0, "%s", verdict_name((enum verdict)v));
	}
}

Test(verdict, reasons_belong_where_the_contract_puts_them) {
	cr_assert_eq(reason_verdict(REASON_VLAN_DEPTH), VERDICT_MALFORMED);
	cr_assert_str_eq(reason_name(REASON_VLAN_DEPTH), "vlan_depth");
	cr_assert_eq(reason_verdict(REASON_NOT_IP), VERDICT_NON_IP);
	cr_assert_eq(reason_verdict(REASON_SNAPPED), VERDICT_NON_IP);
	cr_assert_eq(reason_verdict(REASON_FILTER), VERDICT_FILTERED);
	cr_assert_eq(reason_verdict(REASON_LATE), VERDICT_LATE);
	cr_assert_eq(reason_verdict(REASON_FUTURE), VERDICT_LATE);
	cr_assert_eq(reason_verdict(REASON_WORKER_BUSY), VERDICT_SHED);
}

Test(verdict, numbers_out_of_range_have_no_name) {
	cr_assert_null(verdict_name(VERDICT_COUNT));
	cr_assert_null(verdict_name((enum verdict) - 1));
	cr_assert_null(reason_name(REASON_COUNT));
	cr_assert_null(reason_name((enum reason) - 1));
	cr_assert_eq(reason_verdict(REASON_COUNT), VERDICT_COUNTED);
}
