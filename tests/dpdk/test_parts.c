// The parts of the DPDK input that need neither EAL nor a device: RSS in software, the NIC's clock
// against UTC, device strings. A plain program that prints TAP.

#include "app/input/dpdk_clock.h"
#include "app/input/dpdk_device.h"
#include "app/input/dpdk_rss.h"
#include "app/input/machine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct tap {
	int n, failed;
};

static void check(struct tap *t, bool ok, const char *fact) {
	t->failed += !ok;
	printf("%sok %d - %s\n", ok ? "" : "not ", ++t->n, fact);
}

// ---- RSS ----

// The key and the vectors of Microsoft's "Verifying the RSS Hash Calculation".
static const uint8_t published_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static void test_rss(struct tap *t) {
	static const uint8_t pair[][8] = {
		{66, 9, 149, 187, 161, 142, 100, 80},
		{199, 92, 111, 2, 65, 69, 140, 83},
	};
	check(t,
	      dpdk_rss_toeplitz(published_key, 40, pair[0], 8) == 0x323e8fc2
		      && dpdk_rss_toeplitz(published_key, 40, pair[1], 8) == 0xd718262a,
	      "the software hash agrees with published vectors");
	uint8_t key[52], zero[52] = {0};
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = i % 2 == 0 ? 0x6d : 0x5a;
	check(t, dpdk_rss_symmetric(key, 40) && dpdk_rss_symmetric(key, 52),
	      "0x6d5a repeated is symmetric");
	check(t, !dpdk_rss_symmetric(published_key, 40), "the published key is not symmetric");
	check(t, !dpdk_rss_symmetric(zero, 52), "a key that hashes everything alike is refused");

	struct dpdk_rss rss = {.key_len = 40};
	memcpy(rss.key, published_key, sizeof(published_key));
	uint8_t frame[64] = {[12] = 0x08, [13] = 0x00};
	uint32_t hash = 0;
	memcpy(frame + 26, pair[0], 8);
	check(t, dpdk_rss_of_frame(&rss, frame, 34, &hash) && hash == 0x323e8fc2,
	      "a frame is hashed by its addresses");
	check(t, !dpdk_rss_of_frame(&rss, frame, 33, &hash), "a frame too short for them is not");
	uint8_t tagged[64] = {[12] = 0x81, [16] = 0x08};
	memcpy(tagged + 30, pair[0], 8);
	check(t, dpdk_rss_of_frame(&rss, tagged, 64, &hash) && hash == 0x323e8fc2,
	      "a VLAN tag is looked through");
}

// ---- clock ----

#define START_US INT64_C(1700000000000000)
#define START_TICKS UINT64_C(123456789)

// A counter of 156.25 MHz that is 40 ppm too fast.
static uint64_t ticks_at(int64_t us) {
	return START_TICKS + (uint64_t)((double)(us - START_US) * 156.25 * 1.00004);
}

static int64_t error_at(const struct dpdk_clock *c, int64_t us, int64_t utc) {
	int64_t e = dpdk_clock_us(c, ticks_at(us)) - utc;
	return e < 0 ? -e : e;
}

static void test_clock(struct tap *t) {
	struct dpdk_clock c;
	int64_t us = START_US + 20000, last = 0, worst = 0;
	bool forward = true;
	uint32_t noise = 1;
	// every reading of UTC is up to 4 us late
	bool ok = dpdk_clock_init(&c, START_TICKS, START_US, ticks_at(us), us + 4);
	check(t, ok, "two readings make a clock");
	for (; us < START_US + 900 * INT64_C(1000000); us += 1000) {
		noise = noise * 1664525 + 1013904223;
		if (dpdk_clock_due(&c, ticks_at(us)))
			dpdk_clock_fit(&c, ticks_at(us), us + (noise >> 30));
		int64_t told = dpdk_clock_us(&c, ticks_at(us));
		forward = forward && told >= last;
		last = told;
		int64_t e = us > START_US + 10000000 ? error_at(&c, us, us) : 0;
		worst = e > worst ? e : worst;
	}
	check(t, forward, "time does not run backwards from fit to fit");
	check(t, worst <= 20, "after ten seconds it is within 20 microseconds of UTC");

	int64_t step = 5000000;
	us += 1000000;
	dpdk_clock_fit(&c, ticks_at(us), us + step);
	check(t, error_at(&c, us, us + step) == 0,
	      "UTC set forward by seconds is followed at once");
	us += 1000000;
	check(t, error_at(&c, us, us + step) <= 50, "the rate survives it");

	step -= 300000;
	us += 1000000;
	last = dpdk_clock_us(&c, ticks_at(us));
	dpdk_clock_fit(&c, ticks_at(us), us + step);
	check(t, dpdk_clock_us(&c, ticks_at(us)) == last, "UTC set back by less is not jumped to");
	for (int i = 0; i < 5; i++) {
		us += 1000000;
		int64_t told = dpdk_clock_us(&c, ticks_at(us));
		forward = forward && told > last;
		last = told;
		dpdk_clock_fit(&c, ticks_at(us), us + step);
	}
	check(t, forward && error_at(&c, us, us + step) <= 50,
	      "it is met within seconds, forwards");
	check(t, !dpdk_clock_init(&c, 5, START_US, 5, START_US + 20000),
	      "a counter that stands still makes no clock");
}

// ---- device strings ----

static void test_device(struct tap *t) {
	struct dpdk_device d;
	struct err err;
	char address[16];
	check(t, machine_pci_address("17:00.0", address) && strcmp(address, "0000:17:00.0") == 0,
	      "a PCI address may leave out its domain");
	check(t,
	      machine_pci_address("0001:af:1f.7,x=1", address)
		      && strcmp(address, "0001:af:1f.7") == 0,
	      "a PCI address may have arguments");
	check(t,
	      !machine_pci_address("17:00", address) && !machine_pci_address("17:00.8", address)
		      && !machine_pci_address("17:20.0", address)
		      && !machine_pci_address("17:00.0.pcap", address)
		      && !machine_pci_address("net_pcap0", address),
	      "what only looks like a PCI address is none");
	int rc = dpdk_device_parse(&d, "17:00.0,x=1", &err);
	check(t, rc == 0 && d.pci && strcmp(d.spec, "0000:17:00.0,x=1") == 0,
	      "a PCI device keeps its arguments");
	dpdk_device_fini(&d);
	rc = dpdk_device_parse(&d, "net_pcap3,rx_pcap=/a,rx_pcap=/b,tx_pcap=/c", &err);
	check(t,
	      rc == 0 && d.n_files == 2 && strcmp(d.file[1], "/b") == 0
		      && dpdk_device_is_capture(&d),
	      "net_pcap with files is a capture");
	dpdk_device_fini(&d);
	rc = dpdk_device_parse(&d, "net_pcap3,infinite_rx=1,rx_pcap=/a", &err);
	check(t, rc == 0 && d.n_files == 1 && !dpdk_device_is_capture(&d),
	      "net_pcap that repeats its file is none");
	dpdk_device_fini(&d);
	rc = dpdk_device_parse(&d, "net_pcap3,rx_pcap=", &err);
	check(t, rc == -EINVAL, "rx_pcap without a file is refused");
	dpdk_device_fini(&d);
	rc = dpdk_device_parse(&d, "dir/file.pcap", &err);
	check(t, rc == -EINVAL, "a path is no device");
	dpdk_device_fini(&d);
	check(t,
	      dpdk_device_looks_virtual("net_tap0,iface=x")
		      && dpdk_device_looks_virtual("eth_pcap0")
		      && !dpdk_device_looks_virtual("net_trace.pcap")
		      && !dpdk_device_looks_virtual("eth0"),
	      "virtual devices are told from files and interfaces");
}

int main(void) {
	struct tap t = {0};
	test_rss(&t);
	test_clock(&t);
	test_device(&t);
	printf("1..%d\n", t.n);
	return t.failed > 0;
}
