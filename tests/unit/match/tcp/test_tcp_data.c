// Reassembly of captures that others made to tell good streams from bad ones: what their own checks
// look for must be in the streams. They lie beside the project or the tests are skipped.

#include "match/tcp/tcp_header.h"
#include "match/tcp/tcp_table.h"

#include "tcp_rig.h"

#include "packet/capture.h"
#include "packet/parse.h"
#include "packet/verdict.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <unistd.h>

#define CAPTURES SOURCE_ROOT "/../shared/data/pcaps/suricata-verify/"
#define TEXT (1 << 20)

struct outcome {
	char text[2][TEXT]; // of all flows, by direction; a gap is one '~', an end one '.'
	uint32_t len[2];
	uint32_t events;
	struct tcp_stats stats;
};

static void add(struct outcome *o, uint32_t dir, const void *data, uint32_t len) {
	cr_assert_lt(o->len[dir] + len, TEXT);
	memcpy(o->text[dir] + o->len[dir], data, len);
	o->len[dir] += len;
}

static void note(void *ctx, const struct tcp_delivery *d) {
	struct outcome *o = ctx;
	o->events |= d->events;
	for (uint32_t i = 0; i < d->spans; i++) {
		if (d->span[i].restart)
			add(o, d->span[i].dir, "~", 1);
		if (d->span[i].len > 0)
			add(o, d->span[i].dir, d->span[i].data, d->span[i].len);
	}
	for (uint32_t i = 0; i < 2; i++) {
		if (d->ended & (1u << i))
			add(o, i, ".", 1);
	}
}

// The header lies ahead of the payload: of the lengths it may have, the one that it says.
static bool find_header(const struct packet *p, const struct flow_key *k, struct tcp_packet *to) {
	for (uint32_t len = 20; len <= 60 && len <= p->payload_off; len += 4) {
		const uint8_t *at = p->data + p->payload_off - len;
		if ((at[0] << 8 | at[1]) == k->src_port && (at[2] << 8 | at[3]) == k->dst_port
		    && tcp_header_read(at, len, to) == len)
			return true;
	}
	return false;
}

static void replay(struct source *src, struct parser *parser, struct tcp_table *t, void *o) {
	static struct burst b;
	int got;
	cr_assert_eq(src->ops->attach(src), 0);
	while ((got = src->ops->recv(src, &b)) >= 0) {
		parse_burst(parser, src, &b);
		for (uint32_t i = 0; i < b.n; i++) {
			const struct packet *p = &b.pkt[i];
			struct tcp_packet in = {0};
			if (p->verdict != VERDICT_COUNTED || !(p->flags & PACKET_TCP)
			    || !find_header(p, &b.key[i], &in))
				continue;
			in.key = &b.key[i];
			in.payload = p->data + p->payload_off;
			in.captured = in.length = p->payload_len;
			in.time_us = p->time_us;
			note(o, tcp_table_packet(t, &in));
			rig_balance(t);
		}
		src->ops->release(src, &b);
	}
	cr_assert_eq(got, -ENODATA, "%s", src->err.text);
	src->ops->detach(src);
}

static struct outcome *run(const char *name) {
	char path[512];
	snprintf(path, sizeof(path), "%s%s", CAPTURES, name);
	if (access(path, R_OK) != 0)
		cr_skip_test("%s is not there", path);
	struct outcome *o = calloc(1, sizeof(*o));
	struct tcp_table_config conf;
	tcp_table_config_init(&conf);
	hash_seed_fixed(&conf.seed, 1);
	conf.flows_max = 1000;
	conf.hooks = (struct tcp_hooks){.deliver = note, .ctx = o};
	struct tcp_table *t = tcp_table_new(&conf, NULL);
	struct fragment_table *fragments = fragment_table_new(16, &conf.seed);
	const char *paths[] = {path};
	struct err err = {0};
	struct source *src = capture_new(
		&(struct capture_config){.paths = paths, .n_paths = 1}, &err
	);
	struct parser parser;
	cr_assert(o != NULL && t != NULL && src != NULL, "%s", err.text);
	cr_assert_eq(parser_init(&parser, 0, fragments), 0);
	replay(src, &parser, t, o);
	cr_assert_not(tcp_table_drain(t, UINT32_MAX));
	rig_balance(t);
	o->stats = *tcp_table_stats(t);
	parser_fini(&parser);
	capture_free(src);
	fragment_table_free(fragments);
	tcp_table_free(t);
	return o;
}

static bool holds(const struct outcome *o, const char *what) {
	size_t len = strlen(what);
	return memmem(o->text[0], o->len[0], what, len) != NULL
		|| memmem(o->text[1], o->len[1], what, len) != NULL;
}

Test(tcp_data, a_reset_ahead_of_the_acknowledgement_loses_nothing) {
	struct outcome *o = run("tcp-rst-unacked-stream-03-gap__input.pcap");
	cr_assert(holds(o, "Please ~Me In!."));
	cr_assert(o->events & TCP_RESET);
	cr_assert_eq(o->stats.skipped[TCP_GAP_END], 4);
	free(o);
	o = run("tcp-rst-unacked-stream-07-http__input.pcap");
	cr_assert(holds(o, "User-Agent: Mozilla"));
	free(o);
}

Test(tcp_data, the_text_of_a_reset_is_not_in_the_stream) {
	struct outcome *o = run("bug-6244-tcp-rst-with-data-02__tcp-rst-with-data.pcap");
	cr_assert(holds(o, "Please Let Me In!."));
	cr_assert_not(holds(o, "Access Denied"));
	cr_assert_eq(o->stats.octets[TCP_OF_RST], 13);
	free(o);
}

Test(tcp_data, one_side_is_enough) {
	struct outcome *o = run("tcp-async-01__input.pcap");
	cr_assert(holds(o, "C6 OK ID completed\r\n* 21 EXISTS\r\n* 6 RECENT"));
	free(o);
}

Test(tcp_data, what_comes_with_a_syn_is_joined_to_the_rest) {
	struct outcome *o = run("tcp-fastopen-07__tcp_fastopen_segmentation.pcap");
	cr_assert(holds(o, "d2d3"));
	cr_assert(holds(o, "GET"));
	cr_assert_eq(o->stats.octets[TCP_SYN_REFUSED], 0);
	free(o);
	o = run("tcp-fastopen-06__tfo-s1.pcap");
	cr_assert(holds(o, "/etc/passwd"));
	free(o);
}

Test(tcp_data, the_first_copy_wins_and_the_other_is_a_conflict) {
	struct outcome *o = run("eve-overlap-payload-04-partial-overlap__tcp-overlap2.pcap");
	cr_assert(holds(o, "GOOD"));
	cr_assert_not(
		holds(o,
		      "X"
		      "XX")
	);
	cr_assert(o->events & TCP_CONFLICT);
	cr_assert_eq(o->stats.octets[TCP_DIFFERENT], 3);
	free(o);
}

Test(tcp_data, a_gap_at_the_front_does_not_hide_what_follows) {
	struct outcome *o = run("eve-payload-06-tcp-data-leading-gap__tcp-leading-gap.pcap");
	cr_assert(holds(o, "~GOODDATA"));
	free(o);
}
