// What this machine offers to packet input: huge pages, PCI network devices and who drives them. Read
// from /proc and /sys only; nothing is opened, bound or reserved. Any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_PAGE_SIZES 8

struct machine_pages {
	uint64_t size; // octets of one page
	uint64_t total, free; // pages
	char mount[128]; // where a hugetlbfs of that size is mounted; empty: nowhere
};

// Fills in up to MACHINE_PAGE_SIZES huge page sizes, smallest first. Returns how many.
uint32_t machine_huge_pages(struct machine_pages *pages);

// Octets in free huge pages of all sizes. `mounted`: only of those that a hugetlbfs is mounted for.
uint64_t machine_huge_free(bool mounted);

struct machine_pci {
	char address[16]; // 0000:17:00.0
	char driver[32]; // kernel driver that it is bound to; empty: none
	char interface[64]; // network interface the kernel made of it; empty: none
	uint16_t vendor, device;
	int numa_node; // -1: not known
};

// "0000:17:00.0" or "17:00.0", anything after a comma left aside. Writes the long form. False for a
// text that is no PCI address.
bool machine_pci_address(const char *text, char address[16]);

// 0, or -ENOENT when there is no such device.
int machine_pci_read(const char *address, struct machine_pci *pci);

// PCI devices of class "network", by address. Returns how many there are; fills in up to `max`.
uint32_t machine_pci_network(struct machine_pci *list, uint32_t max);

// Whether DPDK can take a device as it is bound now: a user-space driver, or a kernel driver that
// shares the device with DPDK (mlx4, mlx5, mana).
bool machine_pci_ready(const struct machine_pci *pci);

bool machine_iommu(void); // there are IOMMU groups
bool machine_module(const char *name); // a kernel module is loaded or built in
