// Any octets as records of a checkpoint: each is refused or taken, and what is taken does no harm to what
// comes then: a few packets of the same hosts, another checkpoint, the end.

#include "base/field.h"
#include "base/state_buffer.h"
#include "flow/count_save.h"
#include "frame.h"
#include "make_engine.h"
#include "match/inspect.h"
#include "packet/fragment.h"
#include "packet/parse.h"
#include "packet/tunnel.h"
#include "packet/verdict.h"

#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct match_engine *engine;

// As the records in the corpus were made with.
static void make(void) {
	engine = make_engine(
		"1:/needle/\n2:/a.*b/s\n3:/b$/\n",
		"alert tcp any any -> any any (content:\"a\"; content:!\"c\"; flowbits:set,x; sid:4;)\n"
		"alert udp any any -> any any (content:\"b\"; xbits:set,y,track ip_pair; sid:5;)\n"
		"alert ip any any -> any any (content:\"e\"; xbits:isset,y,track ip_pair; "
		"flowbits:isset,x; sid:6;)\n",
		true
	);
}

static void
on_late(void *ctx, struct match_work *work, const struct flow_key *key, int64_t time_us) {
	check(work->n_events > 0 && work->n_events <= work->n_rules);
}

static void put32(uint8_t *to, uint32_t v) {
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void give(struct inspect *in, struct parser *parser, const struct frame *f, int64_t now_us) {
	struct packet p;
	struct flow_key key;
	frame_packet(f, &p, now_us);
	parse_packet(parser, &p, &key);
	check(p.verdict == VERDICT_COUNTED);
	inspect_packet(in, &p, &key, p.time_us, p.data, p.cap_len);
}

// Both sides of connections that the corpus has, datagrams, and fragments that complete what may be there.
static void go_on(struct inspect *in, struct parser *parser) {
	static const char *const ip[] = {"10.0.0.1", "10.0.0.2"};
	static struct frame f;
	int64_t now_us = 2000000;
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t side = i & 1;
		uint16_t port[] = {(uint16_t)(1000 + i % 3), 80};
		frame_ipv4_tcp(
			&f, ip[side], port[side], ip[!side], port[!side], i == 13 ? 0x11 : 0x10,
			"needle ab ", 10
		);
		put32(f.octet + 38, 1000 + i * 7);
		put32(f.octet + 42, 1000 + i * 9);
		give(in, parser, &f, ++now_us);
		frame_ipv4_udp(&f, ip[side], port[side], ip[!side], 53, "a needle b", 10);
		give(in, parser, &f, ++now_us);
		frame_start(&f);
		frame_ethernet(&f, 0);
		frame_ipv4_fragment(
			&f, "10.0.0.1", "10.0.0.2", 17, 7, (uint16_t)(i / 2 * 8), i < 14
		);
		frame_payload(&f, "eight ab", 8);
		frame_end(&f);
		give(in, parser, &f, ++now_us);
	}
	inspect_advance(in, now_us);
}

static void save(struct inspect *in) {
	struct state_buffer b;
	state_buffer_init(&b, 64u << 20);
	inspect_save_begin(in, &b.writer, 1);
	while (!inspect_save_step(in))
		continue;
	inspect_save_end(in);
	state_buffer_fini(&b);
}

// Two tables of windows of so many packets that hold the 5-tuple.
static void open_counts(struct count_table *t) {
	struct count_config c = {
		.fields = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP)
			| FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT)
			| FIELD_BIT(FIELD_PROTO),
		.packets = 3,
		.rows = 8,
		.mem = mem_pages(),
	};
	hash_seed_fixed(&c.seed, 1);
	for (int i = 0; i < 2; i++, c.where = "dest_port < 100")
		check(count_table_init(&t[i], &c) == 0);
}

// Whatever is loaded: as many packets come out as were in it and came then.
static void count_on(struct count_table *t) {
	static struct flow_sum out[64];
	struct state_buffer b;
	uint64_t in_it = t->rest.packets, came = 0, n;
	for (uint32_t i = 0; i < t->open.n; i++)
		in_it += t->open.sum[i].packets;
	for (n = 0; n < 64; n++) {
		struct flow_key key = {
			.flags = KEY_V4,
			.src_port = (uint16_t)(1000 + n % 11),
			.dst_port = 80,
			.proto = 17};
		struct packet p = {.time_us = (int64_t)n};
		state_buffer_init(&b, 1u << 20);
		count_table_save_begin(t, 0, &b.writer);
		count_table_key(t, &key);
		count_table_add(t, &key, &p);
		count_table_save_step(t);
		count_table_save_end(t);
		state_buffer_fini(&b);
	}
	count_table_flush(t);
	for (uint32_t some; (some = count_table_take(t, out, 64)) > 0;)
		for (uint32_t i = 0; i < some; i++)
			came += out[i].packets;
	check(came == in_it + n);
}

static int load_counts(const void *records, uint32_t len) {
	struct count_table t[2];
	struct state_record r;
	struct err err;
	uint32_t at = 0;
	uint64_t early = 0;
	int ret = 0, more;
	open_counts(t);
	while (ret == 0 && (more = state_next(records, len, &at, &r)) != 0)
		ret = more < 0 ? more : count_tables_load(t, 2, &r, NULL, &err);
	for (int i = 0; i < 2; i++) {
		// Parts of windows that were there twice.
		for (struct flow_sum out; count_table_take(&t[i], &out, 1) > 0; early++)
			check(out.packets > 0 && out.packets < 3 && out.partial);
		if (ret == 0)
			count_on(&t[i]);
		count_table_fini(&t[i]);
	}
	check(early <= len / sizeof(struct flow_sum));
	return ret;
}

// Returns what loading says.
static int
load(struct inspect *in, struct fragment_table *fragments, const void *records, uint32_t len) {
	struct state_record r;
	struct err err;
	uint32_t at = 0;
	int ret = 0, more;
	while (ret == 0 && (more = state_next(records, len, &at, &r)) != 0) {
		ret = more < 0 ? more : inspect_load(in, &r, NULL, &err);
		if (ret == 0)
			ret = fragment_table_load(fragments, &r, NULL, &err);
	}
	return ret == 0 ? inspect_load_end(in, &err) : ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct err err;
	struct parser parser;
	struct inspect_config conf = {
		.streams = true,
		.midstream = true,
		.checksums = CHECKSUM_MODE_AUTO,
		.memory = INSPECT_MEMORY_MIN,
		.tunnels = TUNNEL_ALL,
		.mem = mem_pages(),
		.hooks = {.late = on_late},
	};
	if (engine == NULL)
		make();
	hash_seed_fixed(&conf.seed, 1);
	size = size < STATE_CHUNK ? size : STATE_CHUNK;
	// Memory of its own size.
	uint8_t *records = aligned_alloc(8, (size + 8) & ~7ull);
	struct fragment_table *fragments = fragment_table_new(64, &conf.seed);
	struct inspect *in = inspect_new(&conf, &err);
	struct match_work *work = match_work_new(engine);
	check(records != NULL && fragments != NULL && in != NULL && work != NULL);
	check(parser_init(&parser, TUNNEL_ALL, fragments) == 0);
	check(inspect_use(in, engine, work, NULL, false) == 0);
	memcpy(records, data, size);
	int ret = load_counts(records, (uint32_t)size);
	check(ret == 0 || ret == -EBADMSG || ret == -ENOMEM);
	ret = load(in, fragments, records, (uint32_t)size);
	check(ret == 0 || ret == -EBADMSG);
	if (ret == 0) {
		go_on(in, &parser);
		save(in);
		go_on(in, &parser);
		inspect_finish(in);
		struct inspect_stats s;
		inspect_stats(in, &s);
		check(s.tcp_flows == 0 && s.streams.live + s.streams.compressed == 0);
		check(s.tcp.octets[TCP_HELD_NOW] == 0 && s.fragments.held == 0);
	}
	inspect_free(in);
	match_work_free(work);
	parser_fini(&parser);
	fragment_table_free(fragments);
	free(records);
	return 0;
}
