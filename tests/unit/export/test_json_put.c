// Text in JSON: what has to be escaped is, what is not UTF-8 is shown octet by octet, and no more is
// written than there is room for.

#include "export/json_put.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void expect(const char *text, size_t max, const char *want) {
	char got[1024];
	char *end = json_put_text(got, text, max);
	*end = '\0';
	cr_expect_str_eq(got, want, "%s -> %s", want, got);
}

Test(json_put, plain_text_stays_as_it_is) {
	expect("", 10, "");
	expect("GET /index.html <a&b>", 100, "GET /index.html <a&b>");
	expect("d\xc3\xa9j\xc3\xa0 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f", 100,
	       "d\xc3\xa9j\xc3\xa0 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f");
}

Test(json_put, escapes_what_json_wants_escaped) {
	expect("\"\\\b\f\n\r\t", 100, "\\\"\\\\\\b\\f\\n\\r\\t");
	expect("\x01\x0b\x1f", 100, "\\u0001\\u000b\\u001f");
}

Test(json_put, shows_what_is_no_utf8_octet_by_octet) {
	expect("\xff", 100, "\\\\xff");
	expect("a\x80z", 100, "a\\\\x80z");
	expect("\xc0\x80", 100, "\\\\xc0\\\\x80"); // longer than need be
	expect("\xe0\x9f\xbf", 100, "\\\\xe0\\\\x9f\\\\xbf");
	expect("\xed\xa0\x80", 100, "\\\\xed\\\\xa0\\\\x80"); // a surrogate
	expect("\xf4\x90\x80\x80", 100, "\\\\xf4\\\\x90\\\\x80\\\\x80"); // beyond the last
	expect("\xe2\x82", 100, "\\\\xe2\\\\x82"); // cut
	expect("\xe2\x82\"", 100, "\\\\xe2\\\\x82\\\"");
}

Test(json_put, shortens_between_characters) {
	expect("abcdef", 6, "abcdef");
	expect("abcdef", 5, "abcde...");
	expect("ab\xe2\x82\xac", 4, "ab...");
	expect("ab\xe2\x82\xac", 5, "ab\xe2\x82\xac");
	expect("\xff\xff", 1, "\\\\xff...");
}

Test(json_put, keeps_to_the_room_it_asks_for) {
	uint64_t x = 1;
	for (int round = 0; round < 2000; round++) {
		char text[64], *room = malloc(JSON_TEXT_MAX(40) + 1);
		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			text[i] = (char)(x >> (round % 2 ? 33 : 59)); // any, or controls alone
			text[i] = text[i] != '\0' ? text[i] : '\x1f';
		}
		text[sizeof(text) - 1] = '\0';
		char *end = json_put_text(room, text, 40);
		cr_assert_leq((size_t)(end - room), JSON_TEXT_MAX(40));
		free(room);
	}
}

Test(json_put, writes_numbers_and_addresses) {
	char got[256], *p = got;
	struct flow_key k = {
		.flags = KEY_V4, .src4 = {10, 0, 200, 1}, .dst4 = {255, 255, 255, 255}};
	p = json_put_uint(p, 0);
	p = json_put_field(p, ",", UINT64_MAX);
	p = json_put_int(json_put(p, ","), INT64_MIN);
	p = json_put_address(p, ",\"", &k, false);
	p = json_put_address(p, ",\"", &k, true);
	k.flags = KEY_V6;
	k.src6[15] = 1;
	p = json_put_address(p, ",\"", &k, false);
	*p = '\0';
	cr_expect_str_eq(
		got,
		"0,18446744073709551615,-9223372036854775808,\"10.0.200.1\",\"255.255.255.255\","
		"\"::1\""
	);
}
