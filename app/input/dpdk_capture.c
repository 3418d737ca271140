// Compares what came with what must be in the file: first by its size, then, where that leaves a
// doubt, by reading it once more with libpcap.

#include "dpdk_capture.h"

#include "base/units.h"

#include <pcap/pcap.h>
#include <rte_ethdev.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FRAME_MAX UINT16_MAX // octets that net_pcap takes
// pcap: header of the file and of a record
#define PCAP_FILE_HEADER 24
#define PCAP_RECORD_HEADER 16
// pcapng: what an enhanced packet block has around the frame at the most, without options
#define PCAPNG_BLOCK 35
#define PCAPNG_MAGIC 0x0a0d0d0au

static bool read_magic(FILE *f, uint32_t *magic) {
	return fread(magic, sizeof(*magic), 1, f) == 1;
}

bool dpdk_capture_is_classic(const char *path) {
	uint32_t magic;
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	bool ok = read_magic(f, &magic) && magic != PCAPNG_MAGIC;
	fclose(f);
	return ok;
}

// Whether the file's size agrees with what came. pcapng has blocks and options that are no frames; up
// to one frame's length they do not make it doubtful.
static bool size_agrees(const struct dpdk_capture *c) {
	struct stat st;
	uint32_t magic;
	FILE *f = fopen(c->path, "re");
	if (f == NULL)
		return false;
	bool ok = read_magic(f, &magic) && fstat(fileno(f), &st) == 0;
	fclose(f);
	if (!ok)
		return false;
	uint64_t size = (uint64_t)st.st_size;
	if (magic == PCAPNG_MAGIC) // the same in either byte order
		return size <= c->octets + c->frames * PCAPNG_BLOCK + FRAME_MAX;
	return size == PCAP_FILE_HEADER + c->octets + c->frames * PCAP_RECORD_HEADER;
}

static int read_again(const struct dpdk_capture *c, uint64_t no_mbufs, struct err *err) {
	char text[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_open_offline(c->path, text);
	if (p == NULL)
		return err_set(err, -EIO, "%s: %s", c->path, text);
	struct pcap_pkthdr *header;
	const u_char *data;
	uint64_t frames = 0, longest_at = 0;
	uint32_t longest = 0;
	int end, rc = 0;
	while ((end = pcap_next_ex(p, &header, &data)) == 1) {
		frames++;
		if (header->caplen > longest) {
			longest = header->caplen;
			longest_at = frames;
		}
	}
	if (longest > FRAME_MAX)
		rc = err_set(
			err, -EIO,
			"%s: frame %" PRIu64
			" holds %u octets and was cut: net_pcap reads up to %u (cure: "
			"input.backend = pcap)",
			c->path, longest_at, longest, FRAME_MAX
		);
	else if (c->frames < frames)
		rc = err_set(
			err, -EIO,
			"%s: DPDK read %" PRIu64 " of %" PRIu64
			" frame%s, then it was out of mbufs "
			"(rx_nombuf %" PRIu64 "; cure: raise dpdk.mbufs)",
			c->path, c->frames, frames, units_plural(frames), no_mbufs
		);
	else if (end == PCAP_ERROR)
		rc = err_set(
			err, -EIO,
			"%s: cut or corrupt near octet %ld, after %" PRIu64 " frame%s: %s", c->path,
			ftell(pcap_file(p)), frames, units_plural(frames), pcap_geterr(p)
		);
	pcap_close(p);
	return rc;
}

int dpdk_capture_verify(const struct dpdk_capture *c, struct err *err) {
	// The counters are the whole device's: whose file it is about, the files tell.
	struct rte_eth_stats stats;
	bool counted = rte_eth_stats_get(c->port, &stats) == 0;
	if (counted && stats.rx_nombuf == 0 && stats.ierrors == 0 && size_agrees(c))
		return 0;
	return read_again(c, counted ? stats.rx_nombuf : 0, err);
}
