// Looks around in /proc and /sys for what packet input needs. What cannot be read counts as not
// there.

#include "machine.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HUGE_DIR "/sys/kernel/mm/hugepages"
#define PCI_DIR "/sys/bus/pci/devices"

// First line of a file without its newline. False if it cannot be read.
static bool read_line(const char *path, char *buf, size_t len) {
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	bool ok = fgets(buf, (int)len, f) != NULL;
	fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

static uint64_t read_number(const char *path, uint64_t otherwise) {
	char line[64];
	return read_line(path, line, sizeof(line)) ? strtoull(line, NULL, 0) : otherwise;
}

// The size that a mount's options name ("pagesize=2M"), else the default size of the kernel.
static uint64_t mount_page_size(const char *options) {
	const char *p = strstr(options, "pagesize=");
	if (p != NULL) {
		char *unit;
		uint64_t size = strtoull(p + strlen("pagesize="), &unit, 10);
		switch (toupper((unsigned char)*unit)) {
		case 'G':
			return size << 30;
		case 'M':
			return size << 20;
		case 'K':
			return size << 10;
		default:
			return size;
		}
	}
	FILE *f = fopen("/proc/meminfo", "re");
	if (f == NULL)
		return 0;
	char line[128];
	unsigned long long kib = 0;
	while (fgets(line, sizeof(line), f) != NULL && sscanf(line, "Hugepagesize: %llu", &kib) != 1
	)
		;
	fclose(f);
	return (uint64_t)kib << 10;
}

static void find_mounts(struct machine_pages *pages, uint32_t n) {
	FILE *f = fopen("/proc/mounts", "re");
	if (f == NULL)
		return;
	char line[1024];
	while (fgets(line, sizeof(line), f) != NULL) {
		char where[128], type[32], options[512];
		if (sscanf(line, "%*s %127s %31s %511s", where, type, options) != 3)
			continue;
		if (strcmp(type, "hugetlbfs") != 0)
			continue;
		uint64_t size = mount_page_size(options);
		for (uint32_t i = 0; i < n; i++)
			if (pages[i].size == size && pages[i].mount[0] == '\0')
				snprintf(pages[i].mount, sizeof(pages[i].mount), "%s", where);
	}
	fclose(f);
}

static int by_size(const void *a, const void *b) {
	const struct machine_pages *x = a, *y = b;
	return (x->size > y->size) - (x->size < y->size);
}

uint32_t machine_huge_pages(struct machine_pages *pages) {
	uint32_t n = 0;
	DIR *dir = opendir(HUGE_DIR);
	if (dir == NULL)
		return 0;
	struct dirent *d;
	while ((d = readdir(dir)) != NULL && n < MACHINE_PAGE_SIZES) {
		unsigned long long kib;
		if (sscanf(d->d_name, "hugepages-%llukB", &kib) != 1)
			continue;
		char path[512];
		struct machine_pages *p = &pages[n++];
		*p = (struct machine_pages){.size = (uint64_t)kib << 10};
		snprintf(path, sizeof(path), HUGE_DIR "/%s/nr_hugepages", d->d_name);
		p->total = read_number(path, 0);
		snprintf(path, sizeof(path), HUGE_DIR "/%s/free_hugepages", d->d_name);
		p->free = read_number(path, 0);
	}
	closedir(dir);
	qsort(pages, n, sizeof(*pages), by_size);
	find_mounts(pages, n);
	return n;
}

uint64_t machine_huge_free(bool mounted) {
	struct machine_pages pages[MACHINE_PAGE_SIZES];
	uint32_t n = machine_huge_pages(pages);
	uint64_t octets = 0;
	for (uint32_t i = 0; i < n; i++)
		if (!mounted || pages[i].mount[0] != '\0')
			octets += pages[i].free * pages[i].size;
	return octets;
}

bool machine_pci_address(const char *text, char address[16]) {
	unsigned domain = 0, bus, slot, function;
	int end = 0;
	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) != 4
	    || end == 0) {
		domain = 0;
		end = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function, &end) != 3 || end == 0)
			return false;
	}
	if ((text[end] != '\0' && text[end] != ',') || slot > 0x1f || function > 7)
		return false;
	snprintf(
		address, 16, "%04x:%02x:%02x.%x", domain & 0xffff, bus & 0xff, slot & 0x1f,
		function & 7
	);
	return true;
}

// The kernel names a device's interfaces in its folder, virtio one level further down.
static void find_interface(const char *dev, char *to, size_t len) {
	static const char *const below[] = {"",         "/virtio0", "/virtio1",
					    "/virtio2", "/virtio3", "/virtio4",
					    "/virtio5", "/virtio6", "/virtio7"};
	for (size_t i = 0; i < sizeof(below) / sizeof(*below) && to[0] == '\0'; i++) {
		char path[512];
		snprintf(path, sizeof(path), "%s%s/net", dev, below[i]);
		DIR *dir = opendir(path);
		if (dir == NULL)
			continue;
		struct dirent *d;
		while ((d = readdir(dir)) != NULL) {
			if (d->d_name[0] == '.')
				continue;
			size_t n = strlen(to);
			snprintf(to + n, len - n, "%s%s", n > 0 ? " " : "", d->d_name);
		}
		closedir(dir);
	}
}

int machine_pci_read(const char *address, struct machine_pci *pci) {
	char dev[256], path[512], link[512];
	*pci = (struct machine_pci){.numa_node = -1};
	snprintf(pci->address, sizeof(pci->address), "%s", address);
	snprintf(dev, sizeof(dev), PCI_DIR "/%s", address);
	if (access(dev, F_OK) != 0)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/vendor", dev);
	pci->vendor = (uint16_t)read_number(path, 0);
	snprintf(path, sizeof(path), "%s/device", dev);
	pci->device = (uint16_t)read_number(path, 0);
	char line[32];
	snprintf(path, sizeof(path), "%s/numa_node", dev);
	if (read_line(path, line, sizeof(line)))
		pci->numa_node = atoi(line);
	snprintf(path, sizeof(path), "%s/driver", dev);
	ssize_t n = readlink(path, link, sizeof(link) - 1);
	if (n > 0) {
		link[n] = '\0';
		const char *name = strrchr(link, '/');
		name = name == NULL ? link : name + 1;
		snprintf(pci->driver, sizeof(pci->driver), "%.31s", name);
	}
	find_interface(dev, pci->interface, sizeof(pci->interface));
	return 0;
}

static int by_address(const void *a, const void *b) {
	const struct machine_pci *x = a, *y = b;
	return strcmp(x->address, y->address);
}

uint32_t machine_pci_network(struct machine_pci *list, uint32_t max) {
	uint32_t n = 0;
	DIR *dir = opendir(PCI_DIR);
	if (dir == NULL)
		return 0;
	struct dirent *d;
	while ((d = readdir(dir)) != NULL) {
		char path[512], address[16];
		if (!machine_pci_address(d->d_name, address))
			continue;
		snprintf(path, sizeof(path), PCI_DIR "/%s/class", d->d_name);
		// PCI Code and ID Assignment: base class 02h is "network controller"
		if (read_number(path, 0) >> 16 != 0x02)
			continue;
		if (n < max)
			machine_pci_read(address, &list[n]);
		n++;
	}
	closedir(dir);
	qsort(list, n < max ? n : max, sizeof(*list), by_address);
	return n;
}

bool machine_pci_ready(const struct machine_pci *pci) {
	static const char *const ready[] = {"vfio-pci",  "igb_uio",   "uio_pci_generic",
					    "mlx5_core", "mlx4_core", "mana"};
	for (size_t i = 0; i < sizeof(ready) / sizeof(*ready); i++)
		if (strcmp(pci->driver, ready[i]) == 0)
			return true;
	return false;
}

bool machine_iommu(void) {
	DIR *dir = opendir("/sys/kernel/iommu_groups");
	if (dir == NULL)
		return false;
	struct dirent *d;
	bool any = false;
	while ((d = readdir(dir)) != NULL)
		any = any || d->d_name[0] != '.';
	closedir(dir);
	return any;
}

bool machine_module(const char *name) {
	char path[256];
	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return access(path, F_OK) == 0;
}
