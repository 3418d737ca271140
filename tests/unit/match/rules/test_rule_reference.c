// References as addresses.

#include "match/rules/rule_reference.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_address(const char *reference, const char *address) {
	char buf[256];
	cr_expect_eq(rule_reference_print(reference, NULL, 0), strlen(address), "%s", reference);
	cr_expect_eq(rule_reference_print(reference, buf, sizeof(buf)), strlen(address));
	cr_expect_str_eq(buf, address);
}

Test(rule_reference, known_systems_become_addresses) {
	expect_address("url,www.example.org/a?b=c,d", "https://www.example.org/a?b=c,d");
	expect_address("cve,2019-0708", "https://cve.mitre.org/cgi-bin/cvename.cgi?name=2019-0708");
	expect_address("BugTraq, 2435 ", "https://www.securityfocus.com/bid/2435");
	expect_address("md5,0123abcd", "https://www.threatexpert.com/report.aspx?md5=0123abcd");
	expect_address("arachnids,472", "https://www.whitehats.com/info/IDS472");
}

Test(rule_reference, a_whole_address_stays_what_it_is) {
	expect_address("url,http://www.example.org", "http://www.example.org");
	expect_address("url,https://www.example.org", "https://www.example.org");
}

Test(rule_reference, what_is_not_known_is_told_as_it_is) {
	expect_address("tracker,17", "tracker,17");
	expect_address("url", "url");
	expect_address("", "");
	expect_address(",x", ",x");
	expect_address("url,", "https://");
}
