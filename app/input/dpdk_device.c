// Takes device strings apart. Of the many virtual devices only net_pcap is known closer: it reads
// files, and takes any link type for Ethernet.

#include "dpdk_device.h"

#include "machine.h"

#include <pcap/pcap.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dpdk_device_looks_virtual(const char *text) {
	size_t name = strcspn(text, ",");
	return (strncmp(text, "net_", 4) == 0 || strncmp(text, "eth_", 4) == 0)
		&& memchr(text, '/', name) == NULL && memchr(text, '.', name) == NULL;
}

static bool is_net_pcap(const struct dpdk_device *d) {
	return strncmp(d->name, "net_pcap", 8) == 0 || strncmp(d->name, "eth_pcap", 8) == 0;
}

// net_pcap takes what an interface gives for Ethernet, too. An interface that is not there is its own
// to tell.
static int check_interface(const char *spec, const char *interface, struct err *err) {
	char path[128], type[16] = "";
	snprintf(path, sizeof(path), "/sys/class/net/%.64s/type", interface);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return 0;
	bool known = fgets(type, sizeof(type), f) != NULL;
	fclose(f);
	// linux/if_arp.h: ARPHRD_ETHER, ARPHRD_LOOPBACK
	if (!known || atoi(type) == 1 || atoi(type) == 772)
		return 0;
	return err_set(
		err, -EINVAL,
		"%s: %s is no Ethernet interface (ARP hardware type %d), and net_pcap reads Ethernet "
		"only",
		spec, interface, atoi(type)
	);
}

// One "name=value" of a net_pcap device.
static int add_argument(struct dpdk_device *d, const char *arg, struct err *err) {
	const char *value = strchr(arg, '=');
	if (value == NULL)
		return err_set(
			err, -EINVAL,
			"%s: \"%s\" is not of the form name=value (a path with a comma cannot be "
			"given to a virtual device: rename the file, or use backend = pcap)",
			d->spec, arg
		);
	size_t name = (size_t)(value++ - arg);
	if (name == 11 && strncmp(arg, "infinite_rx", name) == 0)
		d->infinite = atoi(value) > 0;
	if (strncmp(arg, "rx_iface", 8) == 0 || strncmp(arg, "iface", 5) == 0)
		return check_interface(d->spec, value, err);
	if (name != 7 || strncmp(arg, "rx_pcap", name) != 0)
		return 0;
	if (value[0] == '\0')
		return err_set(err, -EINVAL, "%s: rx_pcap= names no file", d->spec);
	if (d->n_files == DPDK_DEVICE_FILES)
		return err_set(
			err, -EINVAL,
			"%s: more than %d rx_pcap= (a net_pcap device has at most that many queues; "
			"use further devices)",
			d->spec, DPDK_DEVICE_FILES
		);
	d->file[d->n_files] = strdup(value);
	if (d->file[d->n_files] == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	d->n_files++;
	return 0;
}

static int read_net_pcap(struct dpdk_device *d, struct err *err) {
	char *copy = strdup(d->spec), *rest = copy;
	if (copy == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	strsep(&rest, ","); // the name
	int rc = 0;
	for (char *arg; rc == 0 && (arg = strsep(&rest, ",")) != NULL;)
		rc = add_argument(d, arg, err);
	free(copy);
	return rc;
}

int dpdk_device_parse(struct dpdk_device *d, const char *text, struct err *err) {
	*d = (struct dpdk_device){0};
	char address[16];
	d->pci = machine_pci_address(text, address);
	size_t name = strcspn(text, ",");
	if (name == 0 || name >= sizeof(d->name) || memchr(text, '/', name) != NULL)
		return err_set(
			err, -EINVAL,
			"%s: not a device for DPDK (a PCI address such as 0000:17:00.0, or a virtual "
			"device such as net_pcap0,rx_pcap=FILE)",
			text
		);
	snprintf(d->name, sizeof(d->name), "%.*s", (int)name, text);
	if (d->pci) {
		snprintf(d->name, sizeof(d->name), "%s", address);
		if (asprintf(&d->spec, "%s%s", address, text + name) < 0)
			d->spec = NULL;
	} else {
		d->spec = strdup(text);
	}
	if (d->spec == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	return is_net_pcap(d) ? read_net_pcap(d, err) : 0;
}

void dpdk_device_fini(struct dpdk_device *d) {
	for (uint32_t i = 0; i < d->n_files; i++)
		free(d->file[i]);
	free(d->spec);
	*d = (struct dpdk_device){0};
}

static int check_pci(const struct dpdk_device *d, struct err *err) {
	struct machine_pci pci;
	if (machine_pci_read(d->name, &pci) < 0)
		return err_set(
			err, -ENODEV,
			"%s: there is no PCI device at this address (`sluice inputs` lists those that are)",
			d->name
		);
	if (machine_pci_ready(&pci))
		return 0;
	char what[160], loses[160] = "";
	if (pci.driver[0] != '\0')
		snprintf(what, sizeof(what), "it is bound to the kernel driver %s", pci.driver);
	else
		snprintf(what, sizeof(what), "no driver is bound to it");
	if (pci.interface[0] != '\0')
		snprintf(loses, sizeof(loses), "; the host loses %s by that", pci.interface);
	return err_set(
		err, -EBUSY,
		"%s: DPDK cannot take it: %s (cure: modprobe vfio-pci && dpdk-devbind.py -b vfio-pci "
		"%s%s%s)",
		d->name, what, d->name,
		machine_iommu()
			? ""
			: "; without an IOMMU first: modprobe vfio enable_unsafe_noiommu_mode=1",
		loses
	);
}

// net_pcap hands on any file's frames as Ethernet.
static int check_file(const struct dpdk_device *d, const char *path, struct err *err) {
	char text[PCAP_ERRBUF_SIZE] = "";
	if (strcmp(path, "-") == 0)
		return err_set(
			err, -EINVAL,
			"%s: rx_pcap=-: standard input is read by backend = pcap alone", d->name
		);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return err_set(err, -errno, "%s: %s: %s", d->name, path, strerror(errno));
	pcap_t *p = pcap_fopen_offline(f, text);
	if (p == NULL) {
		fclose(f);
		return err_set(
			err, -EINVAL,
			"%s: %s: not a capture file that DPDK can read: %s (accepted: pcap and pcapng, not "
			"compressed; backend = pcap reads gzip'd ones too)",
			d->name, path, text
		);
	}
	int dlt = pcap_datalink(p);
	pcap_close(p);
	if (dlt == DLT_EN10MB)
		return 0;
	const char *name = pcap_datalink_val_to_name(dlt);
	char number[24];
	snprintf(number, sizeof(number), "DLT %d", dlt);
	return err_set(
		err, -EINVAL,
		"%s: %s: link type %s: net_pcap reads Ethernet (EN10MB) only (backend = pcap reads "
		"others)",
		d->name, path, name != NULL ? name : number
	);
}

int dpdk_device_check(const struct dpdk_device *d, struct err *err) {
	if (d->pci)
		return check_pci(d, err);
	for (uint32_t i = 0; i < d->n_files; i++) {
		int rc = check_file(d, d->file[i], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}
