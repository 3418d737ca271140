// Frames are copied into memory of their own; captures are read by the source that sluice reads them by.

#include "filter_frames.h"

#include "packet/capture.h"
#include "packet/link.h"
#include "packet/source.h"

#include "frame.h"
#include "tap.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARED SOURCE_ROOT "/../shared/data/pcaps/*/*"
#define CORPUS SOURCE_ROOT "/tests/fuzz/corpus/parse/*"
#define GOLDEN SOURCE_ROOT "/tests/golden/captures/*"
#define CORPUS_HEAD 4 // octets of a corpus file ahead of the frame; the first is its link type
#define LEN_MIN 14
#define LEN_MAX 60000

// Of the captures beside the project: each so many, and of one no more than so many frames.
#define SHARED_EVERY 7
#define SHARED_FRAMES 24

static void add(struct filter_frames *f, const uint8_t *data, uint32_t len) {
	if (len < LEN_MIN || len > LEN_MAX) {
		f->n_long += len > LEN_MAX;
		return;
	}
	for (uint32_t i = 0; i < f->n; i++)
		if (f->frame[i].len == len && memcmp(f->frame[i].data, data, len) == 0)
			return;
	if (f->n == f->capacity) {
		f->capacity = f->capacity * 2 + 64;
		f->frame = realloc(f->frame, f->capacity * sizeof(*f->frame));
	}
	uint8_t *copy = f->frame != NULL ? malloc(len) : NULL;
	if (copy == NULL)
		tap_bail_out("out of memory");
	memcpy(copy, data, len);
	f->frame[f->n++] = (struct filter_frame){.data = copy, .len = len};
}

// At most `most` of a capture. Some captures are broken on purpose: what can be read of them is taken.
static void add_capture(struct filter_frames *f, const char *path, uint32_t most) {
	struct capture_config conf = {.paths = &path, .n_paths = 1};
	struct err err = {0};
	struct source *src = capture_new(&conf, &err);
	static struct burst b;
	if (src == NULL)
		return;
	if (src->ops->attach(src) == 0) {
		while (most > 0 && src->ops->recv(src, &b) > 0) {
			for (uint32_t i = 0; i < b.n && most > 0; i++, most--)
				if (b.pkt[i].link == LINK_ETHERNET
				    && b.pkt[i].head_len == b.pkt[i].cap_len)
					add(f, b.pkt[i].data, b.pkt[i].cap_len);
			src->ops->release(src, &b);
		}
		src->ops->detach(src);
	}
	capture_free(src);
}

static void add_corpus(struct filter_frames *f, const char *path) {
	static uint8_t data[CORPUS_HEAD + LEN_MAX];
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return;
	size_t n = fread(data, 1, sizeof(data), file);
	fclose(file);
	if (n > CORPUS_HEAD && data[0] % LINK_COUNT == LINK_ETHERNET)
		add(f, data + CORPUS_HEAD, (uint32_t)n - CORPUS_HEAD);
}

static void add_files(
	struct filter_frames *f, const char *pattern, uint32_t every,
	void (*one)(struct filter_frames *f, const char *path)
) {
	glob_t g = {0};
	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i += every)
			one(f, g.gl_pathv[i]);
	globfree(&g);
}

static void add_whole(struct filter_frames *f, const char *path) {
	add_capture(f, path, UINT32_MAX);
}

static void add_sample(struct filter_frames *f, const char *path) {
	add_capture(f, path, SHARED_FRAMES);
}

// ---- frames made here ----

static struct frame made;

static void done(struct filter_frames *f) {
	frame_end(&made);
	add(f, made.octet, made.len);
}

static void start_ethernet(void) {
	frame_start(&made);
	frame_ethernet(&made, 0);
}

static void udp_of(struct filter_frames *f, uint32_t octets) {
	frame_ipv4(&made, "10.1.2.3", "192.0.2.77", 17);
	frame_udp(&made, 5353, 53);
	frame_zeros(&made, octets);
	done(f);
}

// What the captures may not hold, and what an expression of the test asks for.
static void add_made(struct filter_frames *f) {
	static const uint32_t sizes[] = {0,    1,    2,    3,    100,  1400, 3400,
					 3478, 3479, 3480, 4000, 9000, 50000};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		start_ethernet();
		udp_of(f, sizes[i]);
	}
	for (int flags = 0; flags < 64; flags++) {
		frame_ipv4_tcp(
			&made, "10.0.0.1", (uint16_t)(1000 + flags), "10.0.0.2", 80, (uint8_t)flags,
			"GET / HTTP/1.1\r\n", 16
		);
		done(f);
	}
	// IPv4 options: ports stand elsewhere than usual
	for (uint32_t words = 6; words <= 15; words++) {
		uint32_t more = 4 * (words - 5);
		frame_ipv4_tcp(
			&made, "10.0.0.1", 1000, "10.0.0.2", 80, 2, "GET / HTTP/1.1\r\n", 16
		);
		frame_zeros(&made, more);
		memmove(made.octet + 34 + more, made.octet + 34, made.len - 34 - more);
		memset(made.octet + 34, 1, more);
		made.octet[14] = (uint8_t)(0x40 | words);
		made.octet[17] = (uint8_t)(made.octet[17] + more);
		made.octet[22] = (uint8_t)(words + 50); // hops left
		add(f, made.octet, made.len);
	}
	// of networks that the long lists name
	for (int i = 0; i < 32; i++) {
		char address[32];
		snprintf(address, sizeof(address), "172.16.%d.%d", i, i * 7 % 256);
		frame_ipv4_udp(&made, address, 7, "172.17.0.1", (uint16_t)(20000 + i), "x", 1);
		done(f);
		snprintf(address, sizeof(address), "2001:db8::%x", i);
		frame_ipv6_udp(&made, address, 9, "2001:db8:1::1", 9, "y", 1);
		done(f);
	}
	for (uint32_t tags = 1; tags <= 3; tags++) {
		start_ethernet();
		for (uint32_t i = 0; i < tags; i++)
			frame_vlan(
				&made, i == 0 && tags > 1 ? 0x88a8 : 0x8100, (uint16_t)(100 + i)
			);
		udp_of(f, 20);
	}
	start_ethernet();
	frame_mpls(&made, 1000, 0);
	frame_mpls(&made, 1001, 1);
	udp_of(f, 20);
	start_ethernet();
	frame_pppoe(&made, 0x21);
	udp_of(f, 20);
	start_ethernet();
	frame_llc_snap(&made, 0x0800);
	udp_of(f, 20);
	start_ethernet();
	frame_ipv4_fragment(&made, "10.0.0.9", "10.0.0.2", 17, 7, 1480, 0);
	frame_zeros(&made, 64);
	done(f);
	for (int type = 0; type < 20; type++) {
		start_ethernet();
		frame_ipv4(&made, "10.0.0.1", "255.255.255.255", 1);
		frame_icmp(&made, (uint8_t)type, 0);
		done(f);
		start_ethernet();
		frame_ipv6(&made, "fe80::1", "ff02::1", 58);
		frame_icmp(&made, (uint8_t)(type + 128), 0);
		done(f);
	}
	for (int proto = 40; proto < 140; proto += 3) {
		start_ethernet();
		frame_ipv4(&made, "10.0.0.1", "224.0.0.5", (uint8_t)proto);
		frame_zeros(&made, 32);
		done(f);
	}
	// of any kind and cut anywhere
	for (uint32_t len = LEN_MIN; len < 96; len++) {
		frame_ipv4_tcp(
			&made, "10.0.0.1", 1000, "10.0.0.2", 80, 2, "GET / HTTP/1.1\r\n", 16
		);
		frame_zeros(&made, 64);
		add(f, made.octet, len);
		frame_ipv6_udp(&made, "2001:db8::1", 53, "2001:db8::2", 5353, "0123456789", 10);
		frame_zeros(&made, 64);
		add(f, made.octet, len);
	}
	// to a group, to all, from a station
	uint8_t arp[60] = {[12] = 8, 6,         0, 1, 8, 0,         6, 4, 0,
			   1,        [28] = 10, 0, 0, 1, [38] = 10, 0, 0, 2};
	memset(arp, 0xff, 6);
	memcpy(arp + 6, "\x02\x00\x00\x00\x00\x01", 6);
	add(f, arp, sizeof(arp));
	add(f, arp, 42);
	arp[13] = 0x35; // RARP
	arp[12] = 0x80;
	add(f, arp, sizeof(arp));
}

void filter_frames_init(struct filter_frames *f) {
	*f = (struct filter_frames){0};
	add_made(f);
	uint32_t n = f->n;
	add_files(f, CORPUS, 1, add_corpus);
	if (f->n == n)
		tap_bail_out("no frames in " CORPUS);
	n = f->n;
	add_files(f, GOLDEN, 1, add_whole);
	if (f->n == n)
		tap_bail_out("no frames in " GOLDEN);
	f->n_own = f->n;
	add_files(f, SHARED, SHARED_EVERY, add_sample);
}

void filter_frames_fini(struct filter_frames *f) {
	for (uint32_t i = 0; i < f->n; i++)
		free(f->frame[i].data);
	free(f->frame);
	*f = (struct filter_frames){0};
}
