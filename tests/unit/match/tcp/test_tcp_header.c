// The TCP header, and which flags a receiver looks at.

#include "match/tcp/tcp_header.h"

#include <criterion/criterion.h>

static const uint8_t header[20] = {
	0x9c, 0x40, 0, 80, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 0x80, 0x18, 1, 2,
};

Test(tcp_header, reads_numbers_flags_and_its_own_length) {
	struct tcp_packet p = {0};
	cr_assert_eq(tcp_header_read(header, 20, &p), 32);
	cr_assert_eq(p.seq, 0x12345678);
	cr_assert_eq(p.ack, 0x9abcdef0);
	cr_assert_eq(p.flags, TCP_ACK | TCP_PSH);
}

Test(tcp_header, refuses_what_is_too_short) {
	struct tcp_packet p = {.seq = 7};
	cr_assert_eq(tcp_header_read(header, 19, &p), 0);
	uint8_t bad[20] = {[12] = 0x40};
	cr_assert_eq(tcp_header_read(bad, 20, &p), 0);
	cr_assert_eq(p.seq, 7, "left alone");
}

Test(tcp_header, knows_the_flags_that_count) {
	for (uint32_t flags = 0; flags < 64; flags++) {
		bool syn = flags & TCP_SYN, fin = flags & TCP_FIN, rst = flags & TCP_RST;
		bool sane = syn + fin + rst <= 1 && (syn || rst || flags & TCP_ACK);
		cr_assert_eq(tcp_flags_sane((uint8_t)flags), sane, "flags %x", flags);
	}
}
