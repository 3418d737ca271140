// Which packets are matched, by their checksums: captures from a wire, from the sending and from the
// receiving host, decoys, and a flood that wants things forgotten.

#include "checksummed.h"
#include "packet/checksum_policy.h"

#include <criterion/criterion.h>

#define SYN 0x02
#define ACK 0x10
#define RST 0x04

static struct frame f;
static uint8_t zeros[4000];

static struct checksum_policy *make(enum checksum_mode mode, uint32_t connections) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 8);
	struct checksum_policy *p = checksum_policy_new(mode, connections, &seed, mem_pages());
	cr_assert_not_null(p);
	return p;
}

static bool take_frame(struct checksum_policy *p) {
	struct parsed r = parse_frame(&f);
	cr_assert_eq(r.pkt.verdict, VERDICT_COUNTED);
	return checksum_policy_take(p, &r.pkt, &r.key, NULL, f.octet, f.len);
}

// A TCP segment between host `n` and a server, from it when `back`. `how` SEAL_PARTIAL_SHORT + 1: wrong.
#define WRONG (SEAL_PARTIAL_SHORT + 1)

static bool
segment(struct checksum_policy *p, uint16_t n, bool back, uint8_t flags, uint32_t len, int how) {
	static const char *const host = "10.0.0.9", *const server = "192.0.2.1";
	frame_ipv4_tcp(
		&f, back ? server : host, back ? 80 : n, back ? host : server, back ? n : 80, flags,
		zeros, len
	);
	seal_l4(&f, 14, 34, 20 + len, 6, how == WRONG ? SEAL_RIGHT : (enum seal)how);
	if (how == WRONG)
		f.octet[34 + 16] ^= 0x5a;
	return take_frame(p);
}

static bool client(struct checksum_policy *p, uint8_t flags, uint32_t len, int how) {
	return segment(p, 1000, false, flags, len, how);
}

static bool server(struct checksum_policy *p, uint8_t flags, uint32_t len, int how) {
	return segment(p, 1000, true, flags, len, how);
}

Test(checksum_policy, ignores_everything_when_told_to) {
	struct checksum_policy *p = make(CHECKSUM_MODE_IGNORE, 16);
	cr_assert(client(p, SYN, 0, SEAL_RIGHT));
	cr_assert(client(p, ACK, 10, WRONG));
	cr_assert_eq(checksum_policy_stats(p).found[CHECKSUM_BAD], 0);
	checksum_policy_free(p);
}

Test(checksum_policy, checks_everything_when_told_to) {
	struct checksum_policy *p = make(CHECKSUM_MODE_CHECK, 16);
	cr_assert(client(p, SYN, 0, SEAL_RIGHT));
	cr_assert_not(client(p, ACK, 10, WRONG));
	cr_assert_not(client(p, ACK, 10, SEAL_PARTIAL));
	cr_assert_not(client(p, ACK, 3000, SEAL_PARTIAL));
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	cr_assert(take_frame(p), "without a checksum");
	f.octet[34 + 6] = 1;
	cr_assert_not(take_frame(p));
	struct checksum_stats s = checksum_policy_stats(p);
	cr_assert_eq(s.found[CHECKSUM_OK], 1);
	cr_assert_eq(s.found[CHECKSUM_NONE], 1);
	cr_assert_eq(s.refused[CHECKSUM_BAD], 2);
	cr_assert_eq(s.refused[CHECKSUM_PARTIAL], 2);
	checksum_policy_free(p);
}

Test(checksum_policy, refuses_decoys_on_a_wire) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 16);
	cr_assert(client(p, SYN, 0, SEAL_RIGHT));
	cr_assert(server(p, SYN | ACK, 0, SEAL_RIGHT));
	cr_assert_not(client(p, ACK, 10, WRONG), "ahead of any payload");
	cr_assert(client(p, ACK, 10, SEAL_RIGHT));
	for (int i = 0; i < 5000; i++) { // however many
		cr_assert_not(client(p, ACK, 10, WRONG));
		cr_assert_not(client(p, ACK, 10, SEAL_PARTIAL));
		cr_assert_not(client(p, SYN, 0, WRONG));
		cr_assert_not(server(p, RST, 0, WRONG));
	}
	cr_assert(client(p, ACK, 10, SEAL_RIGHT));
	cr_assert(server(p, ACK, 10, SEAL_RIGHT));
	cr_assert_eq(checksum_policy_stats(p).refused[CHECKSUM_BAD], 15001);
	checksum_policy_free(p);
}

Test(checksum_policy, is_not_fooled_by_a_decoy_ahead_of_the_connection) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 16);
	for (int how = SEAL_PARTIAL; how <= WRONG; how++) {
		cr_assert(segment(p, (uint16_t)how, false, SYN, 0, how), "nothing is known yet");
		cr_assert(segment(p, (uint16_t)how, false, SYN, 0, SEAL_RIGHT));
		cr_assert_not(segment(p, (uint16_t)how, false, ACK, 10, WRONG));
		cr_assert(segment(p, (uint16_t)how, false, ACK, 10, SEAL_RIGHT));
		cr_assert_not(segment(p, (uint16_t)how, false, ACK, 10, SEAL_PARTIAL));
	}
	checksum_policy_free(p);
}

Test(checksum_policy, refuses_what_is_shorter_than_it_says) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 16);
	cr_assert(client(p, SYN, 0, SEAL_RIGHT));
	frame_ipv4_tcp(&f, "10.0.0.9", 1000, "192.0.2.1", 80, ACK, zeros, 100);
	f.len -= 10;
	cr_assert_not(take_frame(p));
	struct parsed r = parse_cut(&f, f.len - 10, 1);
	cr_assert(
		checksum_policy_take(p, &r.pkt, &r.key, NULL, f.octet, f.len - 10), "snapped is not"
	);
	checksum_policy_free(p);
}

Test(checksum_policy, takes_what_the_capturing_host_sends) {
	static const int how[] = {SEAL_PARTIAL, SEAL_PARTIAL_SHORT, WRONG};
	for (int i = 0; i < 3; i++) {
		struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 16);
		cr_assert(client(p, SYN, 0, how[i]));
		cr_assert(server(p, SYN | ACK, 0, SEAL_RIGHT));
		for (int j = 0; j < 50; j++) {
			cr_assert(client(p, ACK, 10, how[i]));
			cr_assert(client(p, ACK, 3000, how[i]));
			// Resets and acknowledgements that the host makes itself, and a chance.
			cr_assert(client(p, RST, 0, SEAL_RIGHT));
			cr_assert(client(p, ACK, 0, SEAL_RIGHT));
			cr_assert(client(p, ACK, 10, SEAL_RIGHT));
			cr_assert_not(server(p, ACK, 10, WRONG));
		}
		checksum_policy_free(p);
	}
}

Test(checksum_policy, takes_what_the_capturing_host_receives_merged) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 16);
	cr_assert(client(p, SYN, 0, SEAL_PARTIAL));
	cr_assert(server(p, SYN | ACK, 0, SEAL_RIGHT));
	cr_assert(server(p, ACK, 3000, SEAL_PARTIAL));
	cr_assert(server(p, ACK, 300, SEAL_PARTIAL));
	cr_assert(server(p, ACK, 3000, WRONG), "by a network card");
	cr_assert_not(server(p, ACK, 300, WRONG));
	checksum_policy_free(p);
}

Test(checksum_policy, takes_what_a_capturing_router_has_merged) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 16);
	cr_assert(client(p, SYN, 0, SEAL_RIGHT));
	cr_assert(server(p, SYN | ACK, 0, SEAL_RIGHT));
	cr_assert(server(p, ACK, 300, SEAL_RIGHT));
	cr_assert(client(p, ACK, 300, SEAL_RIGHT));
	cr_assert_not(server(p, ACK, 300, SEAL_PARTIAL));
	cr_assert_not(client(p, ACK, 1500, WRONG), "longer than a frame, but bad");
	cr_assert(server(p, ACK, 1500, SEAL_PARTIAL), "longer than a frame");
	cr_assert(server(p, ACK, 300, SEAL_PARTIAL), "so this was merged, too");
	cr_assert_not(server(p, ACK, 1500, WRONG));
	checksum_policy_free(p);
}

Test(checksum_policy, takes_data_of_hosts_that_finish_only_headers) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 16);
	cr_assert(client(p, SYN, 0, SEAL_RIGHT));
	cr_assert(server(p, SYN | ACK, 0, SEAL_RIGHT));
	for (int i = 0; i < 10; i++) {
		cr_assert(client(p, ACK, 0, SEAL_RIGHT));
		cr_assert(client(p, ACK, 10, SEAL_PARTIAL));
		cr_assert_not(client(p, ACK, 10, WRONG));
	}
	checksum_policy_free(p);
}

Test(checksum_policy, judges_by_the_first_payload_where_there_was_no_syn) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 16);
	cr_assert(client(p, ACK, 0, SEAL_PARTIAL));
	cr_assert(client(p, ACK, 10, SEAL_RIGHT));
	cr_assert_not(client(p, ACK, 10, WRONG));
	cr_assert(server(p, ACK, 10, WRONG));
	cr_assert(server(p, ACK, 10, WRONG));
	for (int i = 0; i < 3; i++)
		cr_assert(server(p, ACK, 10, SEAL_RIGHT));
	cr_assert_not(server(p, ACK, 10, WRONG), "three in a row are no chance");
	checksum_policy_free(p);
}

Test(checksum_policy, takes_all_that_is_matched_alone) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 16);
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abc", 3);
	seal_l4(&f, 14, 34, 11, 17, SEAL_RIGHT);
	cr_assert(take_frame(p));
	f.octet[42] ^= 1;
	cr_assert(take_frame(p));
	cr_assert_eq(checksum_policy_stats(p).found[CHECKSUM_BAD], 1);
	cr_assert_eq(checksum_policy_stats(p).refused[CHECKSUM_BAD], 0);
	checksum_policy_free(p);
}

// A segment of an IPv6 connection whose ends differ only in their ports.
static bool v6(struct checksum_policy *p, bool back, uint16_t vlan, bool right) {
	frame_start(&f);
	frame_ethernet(&f, 0);
	if (vlan != 0)
		frame_vlan(&f, 0x8100, vlan);
	uint32_t ip = f.len;
	frame_ipv6(&f, "fd00::1", "fd00::1", 6);
	frame_tcp(&f, back ? 2 : 1, back ? 1 : 2, ACK);
	frame_zeros(&f, 9);
	frame_end(&f);
	seal_l4(&f, ip, ip + 40, 29, 6, right ? SEAL_RIGHT : SEAL_PARTIAL);
	return take_frame(p);
}

Test(checksum_policy, keeps_connections_and_directions_apart) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 1024);
	cr_assert(v6(p, false, 0, true));
	cr_assert(v6(p, true, 0, false));
	cr_assert(v6(p, true, 3, true));
	cr_assert(v6(p, true, 0, false));
	cr_assert_not(v6(p, true, 3, false));
	cr_assert(v6(p, false, 0, false), "received, merged");
	for (uint16_t n = 1; n < 200; n++)
		cr_assert(segment(p, n, false, SYN, 0, n % 2 ? SEAL_RIGHT : WRONG));
	for (uint16_t n = 1; n < 200; n++)
		cr_assert_eq(segment(p, n, false, ACK, 10, WRONG), n % 2 == 0);
	cr_assert_eq(checksum_policy_stats(p).forgotten, 0);
	checksum_policy_free(p);
}

Test(checksum_policy, remembers_connections_in_use_through_a_flood) {
	struct checksum_policy *p = make(CHECKSUM_MODE_AUTO, 4);
	client(p, SYN, 0, SEAL_RIGHT);
	client(p, ACK, 10, SEAL_RIGHT);
	for (uint16_t n = 2000; n < 2100; n++)
		segment(p, n, false, SYN, 0, SEAL_RIGHT);
	cr_assert_not(client(p, ACK, 10, WRONG));
	cr_assert_eq(checksum_policy_stats(p).forgotten, 97);
	checksum_policy_free(p);
}

Test(checksum_policy, refuses_a_size_no_memory_could_hold) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 1);
	cr_assert_null(checksum_policy_new(CHECKSUM_MODE_AUTO, UINT32_MAX, &seed, mem_pages()));
	checksum_policy_free(NULL);
}
