// What `sluice inputs` says about each backend: able or not on this machine, why, and the cure. Looks
// at /proc and /sys only; no device is touched and EAL is not started.

#include "input_ops.h"
#include "machine.h"

#include "base/units.h"

#ifdef HAVE_DPDK
#include "dpdk_eal.h"
#endif

#include <pcap/pcap.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_PCI 64

void input_report_say(struct input_report *r, const char *fmt, ...) {
	size_t n = strlen(r->text);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(r->text + n, sizeof(r->text) - n, fmt, ap);
	va_end(ap);
}

// ---- dpdk ----

static void say_huge_pages(struct input_report *r) {
	struct machine_pages pages[MACHINE_PAGE_SIZES];
	uint32_t n = machine_huge_pages(pages);
	bool any = false;
	for (uint32_t i = 0; i < n; i++) {
		char size[32];
		units_format_size(pages[i].size, size, sizeof(size));
		input_report_say(
			r, "%-14s %llu of %llu pages of %s free, %s%s\n",
			i == 0 ? "huge pages" : "", (unsigned long long)pages[i].free,
			(unsigned long long)pages[i].total, size,
			pages[i].mount[0] != '\0' ? "hugetlbfs on " : "no hugetlbfs", pages[i].mount
		);
		any = any || pages[i].free > 0;
	}
	if (n == 0)
		input_report_say(r, "%-14s this kernel has none\n", "huge pages");
	if (!any)
		input_report_say(
			r,
			"%-14s   without them: virtual devices only, at half the speed\n"
			"%-14s   cure: dpdk-hugepages.py --pages 2M --reserve 1G\n",
			"", ""
		);
}

static void say_pci(struct input_report *r) {
	struct machine_pci pci[MAX_PCI];
	uint32_t n = machine_pci_network(pci, MAX_PCI), not_ready = 0;
	for (uint32_t i = 0; i < n && i < MAX_PCI; i++) {
		char driver[64], interface[80] = "";
		snprintf(
			driver, sizeof(driver), "%s", pci[i].driver[0] ? pci[i].driver : "no driver"
		);
		if (pci[i].interface[0] != '\0')
			snprintf(interface, sizeof(interface), " (%s)", pci[i].interface);
		bool ready = machine_pci_ready(&pci[i]);
		not_ready += !ready;
		input_report_say(r, "%-14s %s  %04x:%04x  %-16s%s%s\n", i == 0 ? "PCI devices" : "", pci[i].address, pci[i].vendor, pci[i].device, driver, ready ? "ready" : "not ready", interface);
	}
	if (n == 0)
		input_report_say(r, "%-14s no network device on the PCI bus\n", "PCI devices");
	if (not_ready > 0)
		input_report_say(
			r,
			"%-14s   cure: modprobe vfio-pci && dpdk-devbind.py -b vfio-pci ADDRESS\n"
			"%-14s   (the host loses the interface meanwhile)\n",
			"", ""
		);
}

static void say_vfio(struct input_report *r) {
	bool vfio = machine_module("vfio_pci"), iommu = machine_iommu();
	input_report_say(
		r, "%-14s %s, %s\n", "vfio", vfio ? "vfio-pci is loaded" : "vfio-pci is not loaded",
		iommu ? "IOMMU is on" : "no IOMMU"
	);
	if (!iommu)
		input_report_say(
			r,
			"%-14s   cure: intel_iommu=on iommu=pt on the kernel's command line, or\n"
			"%-14s   modprobe vfio enable_unsafe_noiommu_mode=1\n",
			"", ""
		);
}

void input_report_dpdk(struct input_report *r) {
	*r = (struct input_report){.name = "dpdk"};
#ifdef HAVE_DPDK
	r->built = true;
	r->able = true;
	input_report_say(r, "%-14s %s\n", "library", dpdk_eal_version());
	input_report_say(
		r, "%-14s always: net_pcap0,rx_pcap=FILE and others need nothing\n", "virtual"
	);
	if (geteuid() != 0)
		input_report_say(
			r, "%-14s not root: PCI devices and huge pages may be refused\n", "rights"
		);
	say_huge_pages(r);
	say_pci(r);
	say_vfio(r);
#else
	input_report_say(r, "%-14s %s\n", "cure", input_backend_cure("dpdk"));
	(void)say_huge_pages;
	(void)say_pci;
	(void)say_vfio;
#endif
}

// ---- xdp: xdp_report.c where the build has it ----

#ifndef HAVE_XDP
void input_report_xdp(struct input_report *r) {
	*r = (struct input_report){.name = "xdp"};
	input_report_say(r, "%-14s %s\n", "cure", input_backend_cure("xdp"));
}
#endif

// ---- what shared XDP programs leave behind: xdp_detach.c where the build has it ----

#ifndef HAVE_XDP_SHARED
int input_detach_xdp(const char *name, char *said, size_t len, struct err *err) {
	said[0] = '\0';
	return err_set(
		err, -ENOTSUP,
		"%s: not part of this build, which was made without libxdp 1.3 (cure: install "
		"libbpf-dev and libxdp-dev and build again, or take off whatever XDP program is "
		"there: ip link set dev %s xdp off)",
		name, name
	);
}
#endif

// ---- pcap ----

void input_report_pcap(struct input_report *r) {
	*r = (struct input_report){.name = "pcap", .built = true, .able = true};
	char version[160];
	snprintf(version, sizeof(version), "%s", pcap_lib_version());
	input_report_say(r, "%-14s %s\n", "library", version);
	input_report_say(
		r, "%-14s pcap and pcapng, gzip'd too; \"-\" is standard input\n", "files"
	);
}
