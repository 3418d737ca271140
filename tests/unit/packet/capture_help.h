// Help for tests of capture files: files made in a folder of the test's own, and octets written as
// pcap and pcapng have them.
#pragma once

#include "frame.h"

#include <criterion/criterion.h>
#include <zlib.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct octets {
	uint8_t data[1 << 20];
	uint32_t len;
};

static inline void put(struct octets *o, const void *data, uint32_t len) {
	cr_assert_leq(o->len + len, sizeof(o->data));
	if (len > 0)
		memcpy(o->data + o->len, data, len);
	o->len += len;
}

static inline void put32(struct octets *o, uint32_t v) {
	put(o, &v, 4); // in this machine's byte order, which the magic number tells
}

static inline void pcap_start(struct octets *o, uint32_t magic, uint32_t link) {
	o->len = 0;
	put32(o, magic);
	put(o, (uint16_t[]){2, 4}, 4);
	put32(o, 0);
	put32(o, 0);
	put32(o, 262144);
	put32(o, link);
}

#define PCAP_MICRO 0xa1b2c3d4
#define PCAP_NANO 0xa1b23c4d

static inline void pcap_frame(
	struct octets *o, uint32_t sec, uint32_t frac, const void *data, uint32_t cap, uint32_t wire
) {
	put32(o, sec);
	put32(o, frac);
	put32(o, cap);
	put32(o, wire);
	put(o, data, cap);
}

// n frames of `len` octets, the i-th one's first octet is i, a second apart.
static inline void pcap_frames(struct octets *o, uint32_t n, uint32_t len) {
	static uint8_t frame[262144];
	for (uint32_t i = 0; i < n; i++) {
		frame[0] = (uint8_t)i;
		pcap_frame(o, 1000 + i, i, frame, len, len);
	}
}

static inline void pcapng_start(struct octets *o) {
	o->len = 0;
	put(o, (uint32_t[]){0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28}, 28);
	put(o, (uint32_t[]){1, 20, 1, 0, 20}, 20); // interface: Ethernet, microseconds
}

static inline void
pcapng_frame(struct octets *o, uint64_t time_us, const void *data, uint32_t len) {
	uint32_t pad = (4 - len % 4) % 4, total = 32 + len + pad;
	put(o, (uint32_t[]){6, total, 0, (uint32_t)(time_us >> 32), (uint32_t)time_us, len, len},
	    28);
	put(o, data, len);
	put(o, "\0\0\0", pad);
	put32(o, total);
}

// A simple packet block: no time.
static inline void pcapng_simple(struct octets *o, const void *data, uint32_t len) {
	uint32_t pad = (4 - len % 4) % 4, total = 16 + len + pad;
	put(o, (uint32_t[]){3, total, len}, 12);
	put(o, data, len);
	put(o, "\0\0\0", pad);
	put32(o, total);
}

// The path of a file of that name in a folder that this process alone uses. Four at a time.
static inline const char *path_of(const char *name) {
	static char folder[] = "/tmp/sluice-test-XXXXXX", path[4][128];
	static int made, next;
	if (!made)
		cr_assert_not_null(mkdtemp(folder));
	made = 1;
	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", folder, name);
	return path[next];
}

static inline const char *write_file(const char *name, const struct octets *o) {
	const char *path = path_of(name);
	FILE *fp = fopen(path, "w");
	cr_assert_not_null(fp);
	cr_assert_eq(fwrite(o->data, 1, o->len, fp), o->len);
	fclose(fp);
	return path;
}

static inline const char *write_packed(const char *name, const struct octets *o, const char *mode) {
	const char *path = path_of(name);
	gzFile gz = gzopen(path, mode);
	cr_assert_not_null(gz);
	cr_assert_eq(gzwrite(gz, o->data, o->len), (int)o->len);
	gzclose(gz);
	return path;
}

// Removes the files of this test and their folder.
static inline void remove_files(void) {
	char command[160];
	snprintf(command, sizeof(command), "rm -rf '%s'", path_of(""));
	cr_assert_eq(system(command), 0);
}
