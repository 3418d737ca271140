// Opening a capture file: formats, link types, times, and what is refused with which words.

#include "packet/capture_file.h"

#include "capture_help.h"

#include <errno.h>

TestSuite(capture_file, .fini = remove_files);

static struct octets o;
static struct capture_file f;
static struct err err;

static int64_t time_of_first(const char *path) {
	cr_assert_eq(capture_file_open(&f, path, &err), 0, "%s", err.text);
	struct pcap_pkthdr *h;
	const u_char *data;
	cr_assert_eq(pcap_next_ex(f.pcap, &h, &data), 1);
	int64_t us = capture_file_time(&f, &h->ts);
	capture_file_close(&f);
	return us;
}

Test(capture_file, knows_each_link_type_of_the_contract) {
	static const struct {
		uint32_t number;
		enum link link;
	} t[] = {
		{1, LINK_ETHERNET}, {101, LINK_RAW},  {228, LINK_RAW}, {229, LINK_RAW},
		{113, LINK_SLL},    {276, LINK_SLL2}, {0, LINK_NULL},  {108, LINK_NULL},
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		pcap_start(&o, PCAP_MICRO, t[i].number);
		cr_assert_eq(capture_file_open(&f, write_file("x.pcap", &o), &err), 0);
		cr_assert_eq(f.link, t[i].link);
		capture_file_close(&f);
	}
}

Test(capture_file, refuses_another_link_type_by_name) {
	pcap_start(&o, PCAP_MICRO, 127);
	cr_assert_eq(capture_file_open(&f, write_file("x.pcap", &o), &err), -EPROTONOSUPPORT);
	cr_assert_not_null(strstr(err.text, "x.pcap: link type IEEE802_11_RADIO"), "%s", err.text);
	cr_assert_not_null(strstr(err.text, "accepted: EN10MB"), "%s", err.text);
	capture_file_close(&f); // half opened: nothing to do, no harm
}

Test(capture_file, refuses_what_is_no_capture) {
	o.len = 0;
	put(&o, "#!/bin/sh\necho hello, this is a script\n", 38);
	cr_assert_lt(capture_file_open(&f, write_file("script", &o), &err), 0);
	cr_assert_not_null(strstr(err.text, "script: not a capture file"), "%s", err.text);
	o.len = 3;
	cr_assert_lt(capture_file_open(&f, write_file("three", &o), &err), 0);
	cr_assert_not_null(strstr(err.text, "too short"), "%s", err.text);
	pcap_start(&o, PCAP_MICRO, 1);
	o.len = 20;
	cr_assert_lt(capture_file_open(&f, write_file("header", &o), &err), 0);
	cr_assert_not_null(strstr(err.text, "header: not a capture file"), "%s", err.text);
}

Test(capture_file, floors_nanoseconds) {
	pcap_start(&o, PCAP_NANO, 1);
	pcap_frame(&o, 1700000000, 1999, "", 0, 0);
	cr_assert_eq(time_of_first(write_file("x.pcap", &o)), 1700000000000001);
}

Test(capture_file, takes_the_seconds_of_pcap_for_unsigned) {
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frame(&o, 0xffffffff, 999999, "", 0, 0);
	cr_assert_eq(time_of_first(write_file("x.pcap", &o)), 4294967295999999);
}

Test(capture_file, reads_the_times_of_pcapng_and_zero_where_there_is_none) {
	pcapng_start(&o);
	pcapng_frame(&o, 1700000000123456, "abc", 3);
	cr_assert_eq(time_of_first(write_file("x.pcapng", &o)), 1700000000123456);
	pcapng_start(&o);
	pcapng_simple(&o, "abc", 3);
	cr_assert_eq(time_of_first(write_file("x.pcapng", &o)), 0);
}

Test(capture_file, holds_times_beyond_reckoning_at_the_ends_of_the_range) {
	struct capture_file ng = {.classic = false};
	cr_assert_eq(capture_file_time(&ng, &(struct timeval){INT64_MAX, 0}), INT64_MAX);
	cr_assert_eq(capture_file_time(&ng, &(struct timeval){INT64_MIN, 0}), INT64_MIN);
}

Test(capture_file, tells_file_and_offset_of_a_cut) {
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frame(&o, 1, 2, "abcdef", 6, 6);
	o.len -= 2;
	const char *path = write_file("cut.pcap", &o);
	cr_assert_eq(capture_file_open(&f, path, &err), 0);
	struct pcap_pkthdr *h;
	const u_char *data;
	cr_assert_eq(pcap_next_ex(f.pcap, &h, &data), PCAP_ERROR);
	cr_assert_eq(capture_file_fault(&f, &err), -EIO);
	char want[300];
	snprintf(want, sizeof(want), "%s: cut or corrupt at octet %u: truncated", path, o.len);
	cr_assert_eq(strncmp(err.text, want, strlen(want)), 0, "%s", err.text);
	capture_file_close(&f);
}
