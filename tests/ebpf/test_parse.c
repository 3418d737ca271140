// The parser inside XDP finds what lib/packet finds: for frames made here, every capture there is, what
// fuzzing found, and random changes of all of them (BPF_PROG_TEST_RUN). Needs root, no interface; prints
// TAP. Its argument is the object of parse.bpf.c.

#include "ebpf/parsed.bpf.h"

#include "packet/parse_limits.h"
#include "packet/tunnel.h"

#include "dice.h"
#include "frame.h"
#include "parse_frames.h"
#include "parse_rig.h"
#include "tap.h"
#include "xdp_test.h"

#include <errno.h>
#include <glob.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHARED SOURCE_ROOT "/../shared/data"
#define CORPUS_HEAD 4 // octets of a corpus file ahead of the frame

#define MUTATIONS 120000
#define MUTATIONS_SECONDS 10
#define POOL 8000 // frames that mutations start from
#define POOL_LEN 2000
#define POOL_EVERY 23 // one in so many of the shared frames

// The first sees every frame, of the others one does, in turn.
static struct parse_rig rigs[] = {
	{.options = TUNNEL_ALL | PARSE_DIRECT},
	{.options = TUNNEL_ALL},
	{.options = PARSE_DIRECT},
	{.options = TUNNEL_GRE | TUNNEL_IPIP},
	{.options = TUNNEL_VXLAN | TUNNEL_GENEVE | PARSE_DIRECT},
	{.options = TUNNEL_GTPU},
};
#define RIGS (sizeof(rigs) / sizeof(rigs[0]))

static bool splits; // the kernel runs frames with less in the first piece than fits
static uint64_t n_frames, n_different, n_short, n_long; // of the test in hand

static struct {
	uint8_t *data;
	uint32_t len;
} pool[POOL];
static uint32_t n_pool;

static uint64_t state = 88172645463325252;

static uint64_t random_number(void) {
	return dice_next(&state);
}

static void compare(const uint8_t *data, uint32_t len, int64_t time_us) {
	if (len < RIG_LEN_MIN || len > RIG_LEN_MAX) {
		n_short += len < RIG_LEN_MIN;
		n_long += len > RIG_LEN_MAX;
		return;
	}
	// The program's clock counts nanoseconds since 1970.
	if (time_us < 0 || time_us > INT64_MAX / 1000)
		time_us = 0;
	struct parse_rig *other = &rigs[1 + n_frames % (RIGS - 1)];
	uint32_t linear = splits && n_frames % 3 == 0 ? 14 + (uint32_t)(random_number() % 100) : 0;
	n_frames++;
	bool ok = parse_rig_agrees(&rigs[0], data, len, 0, time_us, n_different == 0);
	if (ok)
		ok = parse_rig_agrees(other, data, len, linear, time_us, n_different == 0);
	n_different += !ok;
}

static void keep(const uint8_t *data, uint32_t len) {
	if (n_pool == POOL || len > POOL_LEN || len < RIG_LEN_MIN)
		return;
	pool[n_pool].data = malloc(len);
	if (pool[n_pool].data == NULL)
		return;
	memcpy(pool[n_pool].data, data, len);
	pool[n_pool++].len = len;
}

static void begin(void) {
	n_frames = n_different = n_short = n_long = 0;
}

static void conclude(const char *what) {
	tap_ok(n_different == 0 && n_frames > 0,
	       "%s: %llu frames, %llu parsed differently; not run: %llu under %d octets, %llu over %d",
	       what, (unsigned long long)n_frames, (unsigned long long)n_different,
	       (unsigned long long)n_short, RIG_LEN_MIN, (unsigned long long)n_long, RIG_LEN_MAX);
}

// With every small IP length: bounds the frame's end does not make.
static void compare_lengths(struct frame *f) {
	uint32_t at = 14; // of the IP header
	if (f->octet[12] == 0x81)
		at += 4;
	uint8_t *len = f->octet + at + (f->octet[at] >> 4 == 6 ? 4 : 2), low = len[1];
	for (uint8_t i = 0; i < 80; i++) {
		len[1] = i;
		compare(f->octet, f->len, 1000000);
	}
	len[1] = low;
}

// Each as a whole, cut everywhere, and with other lengths; then the later fragments again, at the time when
// what was remembered of the first ones dies.
static void test_made(void) {
	static struct frame f;
	const char *name;
	begin();
	for (uint32_t i = 0; parse_frame_make(i, &f) != NULL; i++) {
		compare(f.octet, f.len, 1000000);
		keep(f.octet, f.len);
		for (uint32_t len = RIG_LEN_MIN; len < f.len && len < 400; len++)
			compare(f.octet, len, 1000000);
		compare_lengths(&f);
	}
	for (int64_t us = -(int64_t)RIGS; us <= (int64_t)RIGS; us++)
		for (uint32_t i = 0; (name = parse_frame_make(i, &f)) != NULL; i++)
			if (strncmp(name, "first", 5) != 0)
				compare(f.octet, f.len, 1000000 + FRAGMENT_LIFE_US + us);
	conclude("frames made here");
}

static void test_corpus(void) {
	static uint8_t data[1 << 17];
	glob_t g;
	begin();
	if (glob(SOURCE_ROOT "/tests/fuzz/corpus/parse/*", 0, NULL, &g) != 0)
		return tap_ok(false, "tests/fuzz/corpus/parse has frames");
	for (size_t i = 0; i < g.gl_pathc; i++) {
		FILE *file = fopen(g.gl_pathv[i], "rb");
		size_t len = file != NULL ? fread(data, 1, sizeof(data), file) : 0;
		if (file != NULL)
			fclose(file);
		if (len <= CORPUS_HEAD)
			continue;
		compare(data + CORPUS_HEAD, (uint32_t)len - CORPUS_HEAD, 0);
		keep(data + CORPUS_HEAD, (uint32_t)len - CORPUS_HEAD);
	}
	globfree(&g);
	conclude("tests/fuzz/corpus/parse");
}

// All frames of a capture, as far as it can be read.
static void compare_capture(const char *path, uint32_t every) {
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, why);
	if (p == NULL)
		return;
	struct pcap_pkthdr *h;
	const u_char *data;
	while (pcap_datalink(p) == DLT_EN10MB && pcap_next_ex(p, &h, &data) == 1) {
		compare(data, h->caplen, (int64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec);
		if (n_frames % every == 0)
			keep(data, h->caplen);
	}
	pcap_close(p);
}

static void test_captures(const char *pattern, const char *what, uint32_t every) {
	glob_t g;
	begin();
	int ret = glob(pattern, 0, NULL, &g);
	if (ret == GLOB_NOMATCH && every > 1) {
		tap_skip("the folder ../shared/data is not here", "%s", what);
		return;
	}
	for (size_t i = 0; ret == 0 && i < g.gl_pathc; i++)
		compare_capture(g.gl_pathv[i], every);
	if (ret == 0)
		globfree(&g);
	conclude(what);
}

static uint8_t telling_octet(void) {
	static const uint8_t octets[] = {0x00, 0x01, 0x03, 0x04, 0x06, 0x08, 0x11, 0x20,
					 0x29, 0x2b, 0x2c, 0x2f, 0x33, 0x3c, 0x40, 0x45,
					 0x4f, 0x60, 0x64, 0x65, 0x81, 0x84, 0x86, 0x87,
					 0x88, 0xa8, 0xaa, 0xc2, 0xdd, 0xff};
	uint64_t r = random_number();
	return r & 1 ? (uint8_t)(r >> 8) : octets[(r >> 8) % sizeof(octets)];
}

// A frame of the pool with some octets changed, its end cut or something else put there.
static uint32_t mutate(uint8_t *to) {
	uint32_t from = (uint32_t)(random_number() % n_pool), len = pool[from].len;
	memcpy(to, pool[from].data, len);
	uint32_t front = len < 120 ? len : 120;
	for (uint64_t n = random_number() % 5; n > 0; n--)
		to[random_number() % front] = telling_octet();
	switch (random_number() % 4) {
	case 0:
		return 14 + (uint32_t)(random_number() % (len - 13));
	case 1: {
		uint32_t other = (uint32_t)(random_number() % n_pool);
		uint32_t at = 14 + (uint32_t)(random_number() % (front - 13));
		memcpy(to + at, pool[other].data, pool[other].len);
		return at + pool[other].len;
	}
	default:
		return len;
	}
}

static void test_mutations(void) {
	static uint8_t frame[2 * POOL_LEN + 200];
	time_t end = time(NULL) + MUTATIONS_SECONDS;
	begin();
	for (uint32_t i = 0; i < MUTATIONS && time(NULL) < end; i++) {
		uint32_t len = mutate(frame);
		compare(frame, len, (int64_t)i * 10);
	}
	conclude("random changes of those");
}

static void test_that_it_can_fail(void) {
	static struct frame f, g;
	uint32_t seen = 0, n = 0;
	for (uint32_t i = 0; parse_frame_make(i, &f) != NULL && i < 6; i++, n++) {
		g = f;
		g.octet[f.len
			- (i % 3 == 2 ? 3 : 5)] ^= 1; // a port, a flag, an ICMP code, a length
		g.octet[14 + 15] ^= 1; // an address
		seen += !parse_rig_agrees_on(&rigs[0], f.octet, g.octet, f.len, false);
	}
	tap_ok(seen == n && n == 6, "a difference of the frames is seen: %u of %u times", seen, n);
	g = f;
	tap_ok(parse_rig_agrees_on(&rigs[0], f.octet, g.octet, f.len, true),
	       "none is, where none is");
}

// In a process of its own: it does not get its privileges back.
static void test_capabilities(const char *object) {
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct parse_rig r;
		_exit(!xdp_test_keep_rights(XDP_TEST_RIGHTS)
		      || parse_rig_open(&r, object, TUNNEL_ALL) < 0);
	}
	int status = -1;
	tap_ok(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0,
	       "CAP_BPF and CAP_NET_ADMIN are enough to load it, without PARSE_DIRECT");
}

int main(int argc, char **argv) {
	if (argc != 2) {
		fprintf(stderr, "usage: test_xdp_parse OBJECT\n");
		return 2;
	}
	if (geteuid() != 0)
		return tap_skip_all("needs root");
	for (size_t i = 0; i < RIGS; i++) {
		int ret = parse_rig_open(&rigs[i], argv[1], rigs[i].options);
		tap_ok(ret == 0, "the kernel takes the parser with options %08x%s%s",
		       rigs[i].options, ret < 0 ? ": " : "", ret < 0 ? strerror(-ret) : "");
	}
	if (tap_failed())
		goto end;
	static const uint8_t zeros[200];
	splits = parse_rig_agrees(&rigs[0], zeros, sizeof(zeros), 20, 0, false);
	if (!splits)
		printf("# this kernel does not run frames with less in the first piece than fits\n"
		);
	test_capabilities(argv[1]);
	test_that_it_can_fail();
	test_made();
	test_corpus();
	test_captures(SOURCE_ROOT "/tests/golden/captures/*", "tests/golden/captures", 1);
	test_captures(SHARED "/pcaps/*/*", "shared captures", POOL_EVERY);
	test_captures(SHARED "/malformed/*/*", "shared malformed captures", POOL_EVERY);
	test_mutations();
	for (size_t i = 0; i < RIGS; i++)
		tap_ok(parse_rig_forgot(&rigs[i]) == 0,
		       "with options %08x no fragment was forgotten for want of room",
		       rigs[i].options);
end:
	for (size_t i = 0; i < RIGS; i++)
		parse_rig_close(&rigs[i]);
	return tap_end();
}
