// The capture-file source: pcap and pcapng, also gzip'd, one file after the other as one input. Each
// frame is copied once, out of libpcap's buffer into a slot that stays valid until release.
#pragma once

#include "packet/source.h"

#include <stdint.h>

#define CAPTURE_PACE_MAX 0 // as fast as it can be read
#define CAPTURE_PACE_REAL (-1) // as the capture times say

struct filter;

struct capture_config {
	const char *const *paths; // "-": standard input; borrowed until capture_free
	uint32_t n_paths;
	int64_t pace; // CAPTURE_PACE_MAX, CAPTURE_PACE_REAL, or packets a second
	uint32_t in_flight; // packets that may be unreleased at once; 0: BURST_MAX
	// NULL, or what every file's link type must be able to run; not used after capture_new.
	const struct filter *filter;
};

// Opens every file and reads its header: an unreadable file, a format libpcap does not know, a link
// type that is none of the contract's (named) or that the filter cannot be run on is an error here,
// before the first packet. Returns
// NULL with err set. The source is `patient`. in_port is 0: several captures are one input. recv
// answers a cut or corrupt file by -EIO, after everything that could be read, with file and offset
// in src->err. Free with capture_free.
struct source *capture_new(const struct capture_config *conf, struct err *err);
void capture_free(struct source *src);

// Any thread: recv waits for no more octets of a pipe, be they of a frame that has begun, which is left out.
void capture_stop(struct source *src);
