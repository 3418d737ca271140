// The memory of flows: who asked, whether both sides were seen, for how long that is remembered, and
// their bits.

#include "match/detect/flow_memory.h"

#include "match/tcp/tcp_flow.h"
#include "tcp_rig.h"

#include <criterion/criterion.h>

#define SECOND 1000000ll
#define START (1700000000 * SECOND)

static struct flow_memory *m;

static void open_memory_of(uint64_t octets) {
	struct flow_memory_config conf = {.memory = octets, .mem = mem_pages()};
	hash_seed_fixed(&conf.seed, 3);
	m = flow_memory_new(&conf);
	cr_assert_not_null(m);
	flow_memory_forget_bits(m, 2);
}

static void open_memory(void) {
	open_memory_of(1 << 20);
}

static void close_memory(void) {
	const struct flow_memory_stats *s = flow_memory_stats(m);
	cr_assert_eq(s->opened, s->flows + s->expired + s->displaced + s->evicted);
	cr_assert_leq(s->flows, s->flows_max);
	cr_assert_leq(s->bits, s->bits_max);
	flow_memory_free(m);
}

// A packet's flow and direction.
struct from {
	uint8_t proto;
	uint32_t client;
	uint16_t port;
	bool back;
};

static struct from from(uint8_t proto, uint32_t client, uint16_t port) {
	return (struct from){proto, client, port, false};
}

static struct from back(struct from f) {
	f.back = true;
	return f;
}

static struct flow_key key_of(struct from f) {
	struct flow_key k = tcp_key(f.client, f.port);
	k.proto = f.proto;
	if (f.proto == 1 || f.proto == 58) {
		k.src_port = k.dst_port = 0;
		k.flags |= KEY_ICMP;
		k.icmp_type = f.back ? 0 : 8; // echo
	}
	if (f.back)
		tcp_key_swap(&k);
	return k;
}

// As in test_tcp_view.c. Rules set `set` in the flow's first word; *bits is what they find.
static const char *told_bits(struct from f, int64_t time_us, uint64_t set, uint64_t *bits) {
	struct flow_key k = key_of(f);
	static char text[3];
	struct detect_flow flow;
	memset(&flow, 0xa5, sizeof(flow));
	flow_memory_packet(m, &k, time_us, &flow);
	cr_assert_not(flow.sized);
	cr_assert_not_null(flow.bits);
	*bits = flow.bits[0];
	flow.bits[0] |= set;
	flow_memory_keep(m, &flow);
	text[0] = flow.state == DETECT_ESTABLISHED ? '=' : '-';
	text[1] = flow.dir == DETECT_TO_SERVER ? '>' : '<';
	return text;
}

static const char *told(struct from f, int64_t time_us) {
	uint64_t bits;
	return told_bits(f, time_us, 0, &bits);
}

#define ROOMY .init = open_memory, .fini = close_memory

Test(flow_memory, tells_who_sent_first_and_whether_both_did, ROOMY) {
	static const uint8_t protos[] = {17, 1, 58, 132, 50, 0};
	for (size_t i = 0; i < sizeof(protos); i++) {
		// From the lower end, and from the higher one.
		for (uint32_t host = 1; host < 3; host++) {
			uint32_t client = host == 1 ? 0x01020304 : 0xfffffffe;
			struct from k = from(protos[i], client, 40000), b = back(k);
			cr_assert_str_eq(told(k, START), "->");
			cr_assert_str_eq(told(k, START + 1), "->");
			cr_assert_str_eq(told(b, START + 2), "=<");
			cr_assert_str_eq(told(k, START + 3), "=>");
			cr_assert_str_eq(told(b, START + 4), "=<");
		}
	}
	cr_assert_eq(flow_memory_stats(m)->flows, 2 * sizeof(protos));
}

Test(flow_memory, keeps_flows_apart_by_protocol_and_ports_and_takes_icmp_by_addresses, ROOMY) {
	struct from udp = from(17, 1, 5), other = from(17, 1, 6), sctp = from(132, 1, 5);
	told(udp, START);
	cr_assert_str_eq(told(back(other), START), "->");
	cr_assert_str_eq(told(back(sctp), START), "->");
	struct from echo = from(1, 1, 0);
	told(echo, START);
	cr_assert_str_eq(told(back(echo), START), "=<");
}

Test(flow_memory, forgets_in_30_seconds_or_300_of_silence, ROOMY) {
	struct from k = from(17, 1, 5), b = back(k);
	int64_t t = START;
	told(k, t);
	cr_assert_str_eq(told(b, t += 30 * SECOND), "=<");
	cr_assert_str_eq(told(b, t += 300 * SECOND), "=<");
	cr_assert_str_eq(told(b, t += 300 * SECOND + 1), "->", "begins anew");
	cr_assert_str_eq(told(k, t += 30 * SECOND + 1), "->", "and again");
	cr_assert_eq(flow_memory_stats(m)->expired, 2);
	cr_assert_eq(flow_memory_stats(m)->flows, 1);
}

Test(flow_memory, is_not_confused_by_time_that_runs_backwards, ROOMY) {
	struct from k = from(17, 1, 5), b = back(k);
	told(k, START);
	cr_assert_str_eq(told(b, START - 1000 * SECOND), "=<");
	cr_assert_str_eq(told(k, START + 300 * SECOND), "=>", "the newest time counts");
	cr_assert_str_eq(told(from(17, 1, 6), INT64_MIN + 1), "->");
	cr_assert_str_eq(told(from(17, 1, 6), INT64_MAX), "->");
	cr_assert_str_eq(told(back(from(17, 1, 6)), INT64_MIN), "=<");
	cr_assert_eq(flow_memory_stats(m)->expired, 1);
}

Test(flow_memory, advancing_takes_what_is_over_and_nothing_else, ROOMY) {
	for (uint16_t i = 0; i < 100; i++)
		told(from(17, 1, i), START + i * SECOND);
	for (uint16_t i = 0; i < 100; i += 2)
		told(back(from(17, 1, i)), START + i * SECOND);
	cr_assert_eq(flow_memory_stats(m)->expired, 0);
	cr_assert_eq(flow_memory_advance(m, START + 30 * SECOND, 1000), 0);
	uint32_t n = flow_memory_advance(m, START + 80 * SECOND, 30);
	cr_assert_leq(n, 30);
	cr_assert_eq(flow_memory_advance(m, START + 80 * SECOND, 1000), 25 - n, "1, 3 .. 49");
	cr_assert_eq(flow_memory_advance(m, START, 1000), 0, "time does not go back");
	cr_assert_eq(flow_memory_stats(m)->flows, 75);
	cr_assert_eq(flow_memory_advance(m, INT64_MAX, 1000), 75);
	cr_assert_eq(flow_memory_advance(m, INT64_MAX, 1000), 0);
	cr_assert_str_eq(told(from(17, 1, 7), START), "->");
}

Test(flow_memory, keeps_a_flows_bits_as_long_as_the_flow, ROOMY) {
	struct from k = from(17, 1, 5), b = back(k);
	uint64_t bits;
	told_bits(k, START, 0, &bits);
	cr_assert_eq(flow_memory_stats(m)->bits, 0, "no room before a rule sets one");
	told_bits(k, START, 6, &bits);
	cr_assert_eq(bits, 0);
	told_bits(from(17, 1, 6), START, 0, &bits);
	cr_assert_eq(bits, 0, "not another flow's");
	told_bits(b, START, 8, &bits);
	cr_assert_eq(bits, 6);
	told_bits(k, START, 0, &bits);
	cr_assert_eq(bits, 14);
	cr_assert_eq(flow_memory_stats(m)->bits, 1);
	told_bits(k, START + 301 * SECOND, 0, &bits);
	cr_assert_eq(bits, 0);
	cr_assert_eq(flow_memory_stats(m)->bits, 0);
	told_bits(k, START + 301 * SECOND, 1, &bits);
	flow_memory_advance(m, START + 900 * SECOND, 100);
	cr_assert_eq(flow_memory_stats(m)->bits, 0);
}

Test(flow_memory, bits_of_other_rules_are_forgotten_and_flows_are_not, ROOMY) {
	struct from k = from(17, 1, 5);
	struct flow_key key = key_of(k);
	struct detect_flow flow;
	uint64_t bits;
	told_bits(k, START, 6, &bits);
	flow_memory_forget_bits(m, 5);
	cr_assert_str_eq(told_bits(back(k), START, 1, &bits), "=<");
	cr_assert_eq(bits, 0);
	flow_memory_forget_bits(m, 0);
	flow_memory_packet(m, &key, START, &flow);
	cr_assert_null(flow.bits, "no rule tests any");
	flow_memory_keep(m, &flow);
	flow_memory_forget_bits(m, 1);
	told_bits(k, START, 0, &bits);
	cr_assert_eq(bits, 0);
	cr_assert_eq(flow_memory_stats(m)->bits, 0);
}

Test(flow_memory, has_the_bits_of_connections_too, ROOMY) {
	struct tcp_flow f = {0}, g = {0};
	struct detect_flow flow = {.dir = DETECT_TO_SERVER};
	flow_memory_tcp_bits(m, &f, &flow);
	flow.bits[1] = 9;
	flow_memory_tcp_keep(m, &f, &flow);
	flow_memory_tcp_bits(m, &g, &flow);
	cr_assert_eq(flow.bits[1], 0);
	flow_memory_tcp_keep(m, &g, &flow);
	flow_memory_tcp_bits(m, &f, &flow);
	cr_assert_eq(flow.bits[1], 9);
	flow_memory_tcp_keep(m, &f, &flow);
	cr_assert_eq(flow.dir, DETECT_TO_SERVER, "nothing else changes");
	cr_assert_eq(flow_memory_stats(m)->bits, 1);
	flow_memory_tcp_close(m, &f);
	flow_memory_tcp_close(m, &g);
	cr_assert_eq(flow_memory_stats(m)->bits, 0);
}

static void open_small(void) {
	open_memory_of(FLOW_MEMORY_MIN);
}

#define SMALL .init = open_small, .fini = close_memory

Test(flow_memory, bits_that_find_no_room_are_counted, SMALL) {
	uint64_t bits, n = flow_memory_stats(m)->bits_max;
	cr_assert_gt(n, 0);
	for (uint16_t i = 0; i < n + 3; i++)
		told_bits(from(17, 1, i), START, 1, &bits);
	cr_assert_eq(flow_memory_stats(m)->bits_full, 3);
	cr_assert_eq(flow_memory_stats(m)->bits, n);
	told_bits(from(17, 1, 0), START, 0, &bits);
	cr_assert_eq(bits, 1, "who has room keeps it");
	told_bits(from(17, 1, (uint16_t)n), START, 0, &bits);
	cr_assert_eq(bits, 0);
}

Test(flow_memory, a_flood_of_first_packets_pushes_out_no_flow_that_was_answered, SMALL) {
	uint64_t max = flow_memory_stats(m)->flows_max, bits;
	cr_assert_gt(max, 20);
	for (uint16_t i = 1; i <= 10; i++) {
		told(from(17, 1, i), START);
		told_bits(back(from(17, 1, i)), START, 1, &bits);
		// Between them, so that no hand finds only flows of one kind.
		for (uint16_t k = 0; k < 3; k++)
			told(from(17, 2, (uint16_t)(i * 3 + k)), START);
	}
	for (uint32_t i = 0; i < 20000; i++)
		told(from(17, 7 + i / 5000, (uint16_t)(i % 5000)), START + i);
	const struct flow_memory_stats *s = flow_memory_stats(m);
	cr_assert_eq(s->flows, max);
	cr_assert_eq(s->evicted, 20040 - max);
	for (uint16_t i = 1; i <= 10; i++)
		cr_assert_str_eq(told(from(17, 1, i), START), "=>", "flow %u", i);
}

Test(flow_memory, flows_that_are_over_make_room_ahead_of_live_ones, SMALL) {
	uint64_t max = flow_memory_stats(m)->flows_max;
	for (uint16_t i = 0; i < max; i++)
		told(from(17, 1, i), START);
	int64_t t = START + 31 * SECOND;
	// Time may run backwards until it is said that it does not.
	for (uint16_t i = 0; i < max / 2; i++)
		told(from(17, 2, i), t);
	cr_assert_eq(flow_memory_stats(m)->displaced, max / 2);
	flow_memory_advance(m, t, 0);
	for (uint16_t i = 0; i < max / 2; i++)
		told(from(17, 3, i), t);
	cr_assert_eq(flow_memory_stats(m)->displaced, max / 2);
	cr_assert_eq(flow_memory_stats(m)->expired, max - max / 2);
	cr_assert_eq(flow_memory_stats(m)->evicted, 0);
	for (uint16_t i = 0; i < max / 2; i++)
		cr_assert_str_eq(told(back(from(17, 2, i)), t), "=<");
}

static void *none_left(const struct mem *mem, size_t octets) {
	uint32_t *left = mem->ctx;
	return (*left)-- > 0 ? mem_pages()->alloc(mem_pages(), octets) : NULL;
}

static void give(const struct mem *mem, void *ptr, size_t octets) {
	mem_pages()->free(mem_pages(), ptr, octets);
}

Test(flow_memory, says_when_memory_is_out) {
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t left = i;
		const struct mem mem = {.alloc = none_left, .free = give, .ctx = &left};
		struct flow_memory_config conf = {.memory = 1 << 20, .mem = &mem};
		cr_assert_null(flow_memory_new(&conf));
	}
	flow_memory_free(NULL);
}

static size_t taken;

static void *count(const struct mem *mem, size_t octets) {
	taken += octets;
	return mem_pages()->alloc(mem_pages(), octets);
}

Test(flow_memory, takes_no_more_memory_than_it_is_given) {
	static const uint64_t sizes[] = {FLOW_MEMORY_MIN, 10000, 1 << 20, 100000001};
	const struct mem mem = {.alloc = count, .free = give};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct flow_memory_config conf = {.memory = sizes[i], .mem = &mem};
		taken = 0;
		m = flow_memory_new(&conf);
		cr_assert_not_null(m);
		cr_assert_leq(taken, sizes[i]);
		cr_assert_gt(taken, sizes[i] / 3);
		flow_memory_free(m);
	}
}

Test(flow_memory, fetches_what_a_packet_needs_without_changing_anything, ROOMY) {
	struct from k = from(17, 1, 5);
	told(k, START);
	for (uint16_t i = 0; i < 50; i++) {
		struct flow_key o = key_of(from(17, 1, i));
		flow_memory_prefetch_flow(m, flow_memory_prefetch(m, &o));
	}
	cr_assert_eq(flow_memory_stats(m)->flows, 1);
	cr_assert_str_eq(told(back(k), START), "=<");
}
