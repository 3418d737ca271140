// Opening a capture file: libpcap on top of an octet stream, and the questions whose answers libpcap
// does not give (how far it has read, which of its times are signed).

#include "capture_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_PCAPNG 0x0a0d0d0au // the same in either byte order

static int check_link(struct capture_file *f, struct err *err) {
	int dlt = pcap_datalink(f->pcap);
	f->link = link_from_dlt(dlt);
	if (f->link != LINK_COUNT)
		return 0;
	const char *name = pcap_datalink_val_to_name(dlt);
	char number[32];
	snprintf(number, sizeof(number), "number %d", dlt);
	return err_set(
		err, -EPROTONOSUPPORT,
		"%s: link type %s cannot be read (accepted: EN10MB (Ethernet), RAW, IPV4, IPV6, "
		"LINUX_SLL, LINUX_SLL2, NULL, LOOP)",
		f->path, name != NULL ? name : number
	);
}

int capture_file_open(struct capture_file *f, const char *path, struct err *err) {
	*f = (struct capture_file){.path = path};
	f->fp = capture_stream_open(path, &f->stream, err);
	if (f->fp == NULL)
		return -EIO;
	// A look at the magic number, ahead of libpcap.
	uint8_t magic[4] = {0};
	size_t n = fread(magic, 1, sizeof(magic), f->fp);
	char text[PCAP_ERRBUF_SIZE] = "";
	int ret = -EINVAL;
	if (n < sizeof(magic)) {
		const char *why = capture_stream_fault(f->stream);
		err_set(err, ret, "%s: not a capture file: %s", path, why ? why : "too short");
		goto no_pcap;
	}
	for (; n > 0; n--)
		ungetc(magic[n - 1], f->fp);
	f->classic = memcmp(magic, &(uint32_t){MAGIC_PCAPNG}, sizeof(magic)) != 0;
	f->pcap = pcap_fopen_offline_with_tstamp_precision(
		f->fp, PCAP_TSTAMP_PRECISION_MICRO, text
	);
	if (f->pcap == NULL) {
		const char *why = capture_stream_fault(f->stream);
		err_set(err, ret, "%s: not a capture file: %s", path, why ? why : text);
		goto no_pcap;
	}
	ret = check_link(f, err);
	if (ret != 0)
		capture_file_close(f);
	return ret;

no_pcap:
	fclose(f->fp);
	f->fp = NULL;
	return ret;
}

void capture_file_close(struct capture_file *f) {
	if (f->pcap != NULL)
		pcap_close(f->pcap); // closes fp too
	f->pcap = NULL;
	f->fp = NULL;
	f->stream = NULL;
}

// What frames of pcapng mean is told by blocks ahead of them.
bool capture_file_seeks(const struct capture_file *f) {
	return f->classic && capture_stream_seeks(f->stream);
}

uint64_t capture_file_tell(const struct capture_file *f) {
	off_t at = ftello(f->fp);
	return at > 0 ? (uint64_t)at : 0;
}

int capture_file_seek(const struct capture_file *f, uint64_t octet) {
	if (!capture_file_seeks(f))
		return -ESPIPE;
	return fseeko(f->fp, (off_t)octet, SEEK_SET) == 0 ? 0 : -errno;
}

int64_t capture_file_time(const struct capture_file *f, const struct timeval *ts) {
	// pcap has unsigned seconds, which libpcap takes for signed ones.
	int64_t sec = f->classic ? (int64_t)(uint32_t)ts->tv_sec : (int64_t)ts->tv_sec;
	int64_t us;
	if (__builtin_mul_overflow(sec, 1000000, &us)
	    || __builtin_add_overflow(us, (int64_t)ts->tv_usec, &us))
		return sec < 0 ? INT64_MIN : INT64_MAX;
	return us;
}

bool capture_file_ready(const struct capture_file *f, uint32_t max_us) {
	if (capture_stream_ready(f->stream, 0))
		return true;
	off_t at = ftello(f->fp);
	if (at >= 0 && (uint64_t)at < capture_stream_given(f->stream))
		return true; // stdio holds some
	return max_us > 0 && capture_stream_ready(f->stream, max_us);
}

int capture_file_fault(const struct capture_file *f, struct err *err) {
	off_t at = ftello(f->fp);
	const char *why = capture_stream_fault(f->stream);
	return err_set(
		err, -EIO, "%s: cut or corrupt at octet %lld%s: %s", f->path, (long long)at,
		capture_stream_packed(f->stream) ? " of its unpacked data" : "",
		why != NULL ? why : pcap_geterr(f->pcap)
	);
}
