// One capture file, opened with libpcap and checked to be of a link type that the parser knows.
// Internal to the capture-file source; one thread.
#pragma once

#include "base/err.h"
#include "packet/capture_stream.h"
#include "packet/link.h"

#include <pcap/pcap.h>

#include <stdbool.h>
#include <stdint.h>

struct capture_file {
	const char *path; // borrowed
	pcap_t *pcap; // NULL: not open
	FILE *fp; // the pcap's
	struct capture_stream *stream; // the fp's
	enum link link;
	bool classic; // pcap, not pcapng
};

// Returns 0 or -errno with err set: cannot be read, not a capture, link type (named).
int capture_file_open(struct capture_file *f, const char *path, struct err *err);
void capture_file_close(struct capture_file *f);

// Whether frames can be gone to, and where the next one is: octet of the file. Then back: 0 or -errno.
bool capture_file_seeks(const struct capture_file *f);
uint64_t capture_file_tell(const struct capture_file *f);
int capture_file_seek(const struct capture_file *f, uint64_t octet);

// Event time of a frame: microseconds since 1970.
int64_t capture_file_time(const struct capture_file *f, const struct timeval *ts);

// Whether a frame can be asked for without waiting, or can within `max_us`.
bool capture_file_ready(const struct capture_file *f, uint32_t max_us);

// The text of the fault that libpcap just returned: file and offset. Returns -EIO.
int capture_file_fault(const struct capture_file *f, struct err *err);
