// Classes of rules by name.

#include "match/rules/rule_class.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_class(const char *name, const char *category, uint8_t severity) {
	const struct rule_class *c = rule_class_find(name);
	cr_assert_not_null(c, "%s", name);
	cr_expect_str_eq(c->category, category);
	cr_expect_eq(c->severity, severity, "%s", name);
}

Test(rule_class, has_what_suricata_and_snort_come_with) {
	// The first and the last of the table, and some of each severity.
	expect_class("attempted-admin", "Attempted Administrator Privilege Gain", 1);
	expect_class("web-application-attack", "Web Application Attack", 1);
	expect_class("trojan-activity", "A Network Trojan was detected", 1);
	expect_class("bad-unknown", "Potentially Bad Traffic", 2);
	expect_class("misc-activity", "Misc activity", 3);
	expect_class("tcp-connection", "A TCP connection was detected", 4);
	expect_class("malware-cnc", "Known malware command and control traffic", 1);
}

Test(rule_class, every_class_is_found) {
	static const char *const names[] = {
		"attempted-admin",
		"attempted-dos",
		"attempted-recon",
		"attempted-user",
		"bad-unknown",
		"client-side-exploit",
		"coin-mining",
		"command-and-control",
		"credential-theft",
		"default-login-attempt",
		"denial-of-service",
		"domain-c2",
		"exploit-kit",
		"external-ip-check",
		"file-format",
		"icmp-event",
		"inappropriate-content",
		"malware-cnc",
		"misc-activity",
		"misc-attack",
		"network-scan",
		"non-standard-protocol",
		"not-suspicious",
		"policy-violation",
		"protocol-command-decode",
		"pup-activity",
		"rpc-portmap-decode",
		"sdf",
		"shellcode-detect",
		"social-engineering",
		"string-detect",
		"successful-admin",
		"successful-dos",
		"successful-recon-largescale",
		"successful-recon-limited",
		"successful-user",
		"suspicious-filename-detect",
		"suspicious-login",
		"system-call-detect",
		"targeted-activity",
		"tcp-connection",
		"trojan-activity",
		"unknown",
		"unsuccessful-user",
		"unusual-client-port-connection",
		"web-application-activity",
		"web-application-attack",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct rule_class *c = rule_class_find(names[i]);
		cr_expect(c != NULL && strcmp(c->name, names[i]) == 0, "%s", names[i]);
	}
}

Test(rule_class, letters_compare_without_case_and_other_names_are_none) {
	expect_class("Misc-Attack", "Misc Attack", 2);
	cr_expect_null(rule_class_find(""));
	cr_expect_null(rule_class_find("misc"));
	cr_expect_null(rule_class_find("misc-attacks"));
	cr_expect_null(rule_class_find("zzz"));
}
