// The tcpdump expression: what passes, per link type, and what an expression that cannot be compiled
// says.

#include "packet/filter.h"

#include "frame.h"

#include <criterion/criterion.h>

#include <string.h>

static struct frame f;

static bool passes(const char *expression, enum link link, uint32_t skip) {
	struct err err = {0};
	struct filter *flt = filter_new(expression, &err);
	cr_assert_not_null(flt, "%s", err.text);
	struct packet p;
	frame_packet(&f, &p, 0);
	p.link = (uint8_t)link;
	bool pass = filter_pass(flt, &p, f.octet + skip, f.len - skip);
	filter_free(flt);
	return pass;
}

Test(filter, passes_what_the_expression_says) {
	frame_ipv4_tcp(&f, "10.0.0.1", 1000, "10.0.0.2", 80, 0x02, NULL, 0);
	cr_assert(passes("tcp port 80", LINK_ETHERNET, 0));
	cr_assert_not(passes("udp", LINK_ETHERNET, 0));
	cr_assert(passes("", LINK_ETHERNET, 0));
}

Test(filter, goes_by_the_link_type_of_the_packet) {
	frame_ipv4_tcp(&f, "10.0.0.1", 1000, "10.0.0.2", 80, 0x02, NULL, 0);
	cr_assert(passes("tcp port 80", LINK_RAW, 14));
	cr_assert_not(passes("tcp port 80", LINK_ETHERNET, 14));
	frame_ipv6_udp(&f, "fd00::1", 1, "fd00::2", 2, NULL, 0);
	cr_assert(passes("ip6 and udp port 2", LINK_RAW, 14), "both families are raw IP");
}

Test(filter, goes_by_the_length_on_the_wire) {
	struct err err = {0};
	struct filter *flt = filter_new("greater 1000", &err);
	cr_assert_not_null(flt);
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, NULL, 0);
	struct packet p;
	frame_packet(&f, &p, 0);
	cr_assert_not(filter_pass(flt, &p, f.octet, f.len));
	p.wire_len = 1400;
	cr_assert(filter_pass(flt, &p, f.octet, f.len));
	filter_free(flt);
}

Test(filter, quotes_an_expression_that_does_not_compile_with_libpcaps_reason) {
	struct err err = {0};
	cr_assert_null(filter_new("tcp prot 80", &err));
	cr_assert_not_null(strstr(err.text, "'tcp prot 80'"), "%s", err.text);
	cr_assert_not_null(strstr(err.text, "syntax error"), "%s", err.text);
}

Test(filter, says_for_which_link_types_it_could_not_be_compiled) {
	struct err err = {0};
	struct filter *flt = filter_new("ether host 02:00:00:00:00:01", &err);
	cr_assert_not_null(flt, "%s", err.text);
	cr_assert(filter_has_link(flt, LINK_ETHERNET, &err));
	cr_assert_not(filter_has_link(flt, LINK_RAW, &err));
	cr_assert_not_null(strstr(err.text, "raw IP"), "%s", err.text);
	struct packet p = {.link = LINK_RAW};
	cr_assert_not(filter_pass(flt, &p, f.octet, 0));
	cr_assert_not(filter_has_link(flt, LINK_COUNT, &err));
	filter_free(flt);
}

Test(filter, gives_its_programs) {
	struct err err = {0};
	struct filter *flt = filter_new("ether host 02:00:00:00:00:01", &err);
	cr_assert_not_null(flt, "%s", err.text);
	struct filter_insn insns[64] = {0};
	uint32_t n = filter_program(flt, LINK_ETHERNET, insns, 64);
	cr_assert(n > 2 && n < 64);
	cr_assert_eq(insns[n - 1].code, 0x06, "the last one returns a constant");
	cr_assert_eq(filter_program(flt, LINK_ETHERNET, NULL, 0), n, "asked for the length alone");
	cr_assert_eq(filter_program(flt, LINK_RAW, insns, 64), 0);
	cr_assert_eq(filter_program(flt, LINK_COUNT, insns, 64), 0);
	filter_free(flt);
}
