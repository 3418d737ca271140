// What kernel mode's program counts, and how it comes out: keys, sums, verdicts, fragments, several
// interfaces. Needs root, no interface; prints TAP.

#include "kernel_rig.h"

#include "base/field.h"
#include "base/live_clock.h"
#include "packet/filter.h"
#include "packet/flow_key_hash.h"
#include "packet/fragment.h"
#include "packet/packet.h"
#include "packet/parse.h"

#include "frame.h"
#include "parse_frames.h"
#include "tap.h"
#include "xdp_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOUR_NS 3600000000000ull
#define MEGA (1ull << 20)
#define TUPLE                                                                           \
	(FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP) | FIELD_BIT(FIELD_SRC_PORT) \
	 | FIELD_BIT(FIELD_DEST_PORT) | FIELD_BIT(FIELD_PROTO))

static const struct xdp_kernel_config usual = {
	.n_programs = 1,
	.width_ns = HOUR_NS,
	.fields = TUPLE,
	.tunnels = TUNNEL_ALL,
	.rows = 896,
	.memory = 64 * MEGA,
};

static struct kernel_rig rig;

static bool run(const struct frame *f, int repeat) {
	return kernel_rig_run(&rig, 0, f->octet, f->len, repeat);
}

// ---- keys and sums ----

// A frame as lib/packet finds it, in a row of its own.
static struct counted
parsed(const struct frame *f, struct fragment_table *fragments, const struct flow_key *mask,
       uint8_t *reason) {
	struct parser parser = {.tunnels = TUNNEL_ALL, .fragments = fragments};
	struct hash_seed seed;
	struct packet p;
	hash_seed_fixed(&seed, 1);
	struct counted c = {.packets = 1, .frame_bytes = f->len};
	frame_packet(f, &p, 1000000);
	parse_packet(&parser, &p, &c.key);
	*reason = p.reason;
	c.bytes = p.ip_len;
	c.tcp_flags = p.tcp_flags;
	c.opens = (p.tcp_flags & 0x12) == 0x02;
	flow_key_finish(&c.key, mask, &seed);
	c.key.hash = 0;
	return c;
}

static bool same(const struct counted *a, const struct counted *b, uint32_t times) {
	return flow_key_equal(&a->key, &b->key) && a->packets == b->packets * times
		&& a->bytes == b->bytes * times && a->frame_bytes == b->frame_bytes * times
		&& a->tcp_flags == b->tcp_flags && a->opens == b->opens;
}

// What has been counted is to be taken now: tables look as if they had been there for long.
static void hurry(void) {
	for (uint32_t i = 0; i < rig.kernel->panes.n_maps; i++)
		rig.kernel->panes.map[i].since_ns = 0;
}

// Each kind of frame alone, three times.
static void test_keys(void) {
	static const struct {
		const char *name;
		uint32_t fields;
		struct key_cut cut;
	} keys[] = {
		{"all fields", FIELD_SET_ALL},
		{"the 5-tuple", TUPLE},
		{"source addresses", FIELD_BIT(FIELD_SRC_IP)},
		{"networks", TUPLE, {.v4 = {8, 12}, .v6 = {64, 77}}},
		{"tags, labels and identifiers",
		 FIELD_BIT(FIELD_VLAN) | FIELD_BIT(FIELD_VLAN_INNER) | FIELD_BIT(FIELD_MPLS)
			 | FIELD_BIT(FIELD_VNI)},
		{"ICMP types and the interface",
		 FIELD_BIT(FIELD_ICMP_TYPE) | FIELD_BIT(FIELD_ICMP_CODE)
			 | FIELD_BIT(FIELD_IN_PORT)},
	};
	static struct frame f;
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		struct xdp_kernel_config c = usual;
		struct flow_key mask;
		uint32_t frames = 0, counted = 0, refused = 0;
		bool ok = true;
		const char *name;
		c.fields = keys[k].fields;
		c.cut = keys[k].cut;
		flow_key_mask(&mask, c.fields);
		flow_key_cut(&mask, &c.cut);
		struct hash_seed seed;
		hash_seed_fixed(&seed, 1);
		struct fragment_table *fragments = fragment_table_new(64, &seed);
		kernel_rig_begin(&rig, &c);
		for (uint32_t i = 0; ok && (name = parse_frame_make(i, &f)) != NULL; i++) {
			uint8_t reason;
			if (f.len > 1500 || f.len < 14)
				continue;
			frames++;
			kernel_rig_forget(&rig);
			struct counted want = parsed(&f, fragments, &mask, &reason);
			ok = run(&f, 3);
			hurry();
			while (ok && rig.tally.value[TALLY_RECEIVED] < 3)
				ok = kernel_rig_recv(&rig) >= 0;
			if (reason == REASON_NONE) {
				counted++;
				ok = ok && rig.n_rows == 1 && same(&rig.row[0], &want, 3);
			} else {
				refused++;
				ok = ok && rig.n_rows == 0 && kernel_rig_refused(&rig, reason) == 3;
			}
			if (!ok)
				printf("# %s\n", name);
		}
		tap_ok(ok && counted > 20 && refused > 3,
		       "of %u kinds of frames %s are counted as lib/packet finds them, %u counted, "
		       "%u refused",
		       frames, keys[k].name, counted, refused);
		kernel_rig_close(&rig);
		fragment_table_free(fragments);
	}
}

// UTC by the clocks around it.
static int64_t utc_us(void) {
	uint64_t mono;
	int64_t offset;
	live_clock_read(&mono, &offset);
	return ((int64_t)mono + offset) / 1000;
}

static void test_times(void) {
	static struct frame f;
	struct xdp_kernel_config c = usual;
	frame_ipv4_tcp(&f, "10.0.0.1", 1, "10.0.0.2", 2, 0x02, "", 0);
	kernel_rig_begin(&rig, &c);
	int64_t before = utc_us();
	bool ok = run(&f, 1);
	int64_t first = utc_us();
	usleep(20000);
	int64_t middle = utc_us();
	frame_ipv4_tcp(&f, "10.0.0.1", 1, "10.0.0.2", 2, 0x11, "some", 4);
	ok = ok && run(&f, 1);
	int64_t after = utc_us();
	tap_ok(ok && kernel_rig_stop(&rig) == -ENODATA && rig.n_rows >= 1,
	       "what was counted comes out after the stop");
	struct counted sum = kernel_rig_sum(&rig, false);
	tap_ok(sum.packets == 2 && sum.tcp_flags == 0x13 && sum.opens && sum.bytes == 40 + 44,
	       "flags are those of all packets");
	tap_ok(sum.first_us >= before - 100 && sum.first_us <= first + 100
		       && sum.last_us >= middle - 100 && sum.last_us <= after + 100,
	       "first and last are when the frames came");
	tap_ok(rig.source->ops->recv(rig.source, &(struct count_batch){}) == -ENODATA
		       && (rig.source->ops->stop(rig.source),
			   rig.source->ops->recv(rig.source, &(struct count_batch){}))
			       == -ENODATA,
	       "a stopped source stays at its end");
	kernel_rig_close(&rig);
}

// ---- the filter ----

static void test_filter(void) {
	static struct frame pass, tcp, arp, cut;
	struct err err;
	struct xdp_kernel_config c = usual;
	struct filter *filter = filter_new("udp port 53", &err);
	c.filter = filter;
	frame_ipv4_udp(&pass, "10.0.0.1", 1, "10.0.0.2", 53, "query", 5);
	frame_ipv4_tcp(&tcp, "10.0.0.1", 1, "10.0.0.2", 53, 0x02, "", 0);
	frame_start(&arp);
	frame_ethernet(&arp, 0x0806);
	frame_zeros(&arp, 46);
	frame_end(&arp);
	cut = tcp;
	cut.len = 14 + 12;
	kernel_rig_begin(&rig, &c);
	filter_free(filter);
	bool ok = run(&pass, 5) && run(&tcp, 4) && run(&arp, 3) && run(&cut, 2);
	ok = ok && kernel_rig_stop(&rig) == -ENODATA;
	tap_ok(ok && kernel_rig_sum(&rig, false).packets == 5, "what the filter passes is counted");
	tap_ok(kernel_rig_refused(&rig, REASON_FILTER) == 4, "what it does not pass is filtered");
	tap_ok(kernel_rig_refused(&rig, REASON_NOT_IP) == 3
		       && kernel_rig_refused(&rig, REASON_IPV4_TRUNCATED) == 2,
	       "malformed and non_ip come ahead of filtered");
	tap_ok(rig.tally.value[TALLY_RECEIVED] == 14 && xdp_kernel_lost(rig.kernel) == 0
		       && rig.tally.value[TALLY_BYTES]
			       == 5 * pass.len + 4 * tcp.len + 3 * arp.len + 2 * cut.len,
	       "all are received, with their octets");
	kernel_rig_close(&rig);
}

// ---- several processors, several interfaces ----

static void test_fragments(void) {
	static struct frame first, later;
	const char *fact = "a later fragment finds its first one on another processor";
	if (!xdp_test_two_processors()) {
		tap_skip("one processor only", "%s", fact);
		return;
	}
	struct xdp_kernel_config c = usual;
	c.n_programs = 2;
	c.fields |= FIELD_BIT(FIELD_IN_PORT); // a program for each
	kernel_rig_begin(&rig, &c);
	for (int v6 = 0; v6 < 2; v6++) {
		for (int offset = 0; offset <= 1480; offset += 1480) {
			struct frame *f = offset == 0 ? &first : &later;
			frame_start(f);
			frame_ethernet(f, 0);
			if (v6) {
				frame_ipv6(f, "fd00::1", "fd00::2", 44);
				frame_ipv6_fragment(f, 17, 77, (uint16_t)offset, offset == 0);
			} else {
				frame_ipv4_fragment(
					f, "10.0.0.1", "10.0.0.2", 17, 77, (uint16_t)offset,
					offset == 0
				);
			}
			if (offset == 0)
				frame_udp(f, 1234, 53);
			frame_zeros(f, 64);
			frame_end(f);
		}
		xdp_test_pin(0);
		kernel_rig_run(&rig, 0, first.octet, first.len, 1);
		xdp_test_pin(1);
		kernel_rig_run(&rig, 1, later.octet, later.len, 1);
		xdp_test_pin(0);
	}
	kernel_rig_stop(&rig);
	bool ok = rig.n_rows == 4;
	for (uint32_t i = 0; i < rig.n_rows; i++)
		ok = ok && rig.row[i].key.src_port == 1234 && rig.row[i].key.dst_port == 53
			&& rig.row[i].key.proto == 17 && rig.row[i].packets == 1;
	tap_ok(ok, "%s", fact);
	kernel_rig_close(&rig);
}

static void test_interfaces(void) {
	static struct frame f;
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "", 0);
	for (int with = 0; with < 2; with++) {
		struct xdp_kernel_config c = usual;
		c.n_programs = 3;
		c.fields = TUPLE | (with ? FIELD_BIT(FIELD_IN_PORT) : 0);
		xdp_test_pin(0);
		kernel_rig_begin(&rig, &c);
		for (uint32_t i = 0; i < 3; i++)
			kernel_rig_run(&rig, i, f.octet, f.len, (int)(10 + i));
		kernel_rig_stop(&rig);
		bool ok = rig.n_rows == (with ? 3 : 1);
		for (uint32_t i = 0; with && i < rig.n_rows; i++)
			ok = ok && rig.row[i].packets == 10u + rig.row[i].key.in_port;
		tap_ok(ok && kernel_rig_sum(&rig, false).packets == 33,
		       with ? "interfaces share tables, and a row says whose it is"
			    : "a flow is one row, whatever interface it comes by, without in_port");
		kernel_rig_close(&rig);
	}
}

// ---- privileges ----

// Counts a frame with CAP_BPF and CAP_NET_ADMIN alone, in a process of its own.
static int count_with_little(const struct xdp_kernel_config *c) {
	static struct frame f;
	if (!xdp_test_keep_rights(XDP_TEST_RIGHTS))
		return 1;
	frame_ipv4_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "", 0);
	if (kernel_rig_open(&rig, c) < 0)
		return strstr(rig.err.text, "without CAP_PERFMON") != NULL ? 4 : 2;
	run(&f, 3);
	return kernel_rig_stop(&rig) == -ENODATA && kernel_rig_sum(&rig, false).packets == 3 ? 0
											     : 3;
}

static void test_privileges(void) {
	struct err err;
	struct xdp_kernel_config c = usual;
	struct filter *filter = filter_new("udp port 2", &err);
	for (int with = 0; with < 2; with++) {
		const char *fact = with ? "CAP_BPF and CAP_NET_ADMIN are enough, with a filter too"
					: "CAP_BPF and CAP_NET_ADMIN are enough";
		int status = -1;
		c.filter = with ? filter : NULL;
		fflush(stdout);
		pid_t child = fork();
		if (child == 0)
			_exit(count_with_little(&c));
		waitpid(child, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 4)
			tap_skip("this kernel wants CAP_PERFMON too, which was said", "%s", fact);
		else
			tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", fact);
	}
	filter_free(filter);
}

int main(void) {
	if (!xdp_test_ready())
		return 0;
	test_keys();
	test_times();
	test_filter();
	test_fragments();
	test_interfaces();
	test_privileges();
	return tap_end();
}
