// The files are in /sys, which may show another network namespace: an interface is taken for the one
// that is meant only if its number and its address are the same there.

#include "xdp_deferral.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// As the kernel's documentation of busy polling has them: a worker that stands still for 0.2 ms gets its
// frames by the kernel's timer.
static const struct {
	const char *name;
	unsigned long value;
} files[XDP_DEFERRAL_FILES] = {
	[XDP_DEFERRAL_IRQS] = {"napi_defer_hard_irqs", 2},
	[XDP_DEFERRAL_TIMEOUT] = {"gro_flush_timeout", 200000},
};

static int open_file(const char *interface, const char *name, int flags) {
	char path[128];
	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", interface, name);
	int fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_text(const char *interface, const char *name, char *text, size_t len) {
	int fd = open_file(interface, name, O_RDONLY);
	if (fd < 0)
		return fd;
	ssize_t n = read(fd, text, len - 1);
	int ret = n < 0 ? -errno : 0;
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return ret;
}

static int read_number(const char *interface, const char *name, unsigned long *value) {
	char text[32];
	int ret = read_text(interface, name, text, sizeof(text));
	if (ret == 0)
		*value = strtoul(text, NULL, 10);
	return ret;
}

static int write_number(const char *interface, const char *name, unsigned long value) {
	char text[32];
	int len = snprintf(text, sizeof(text), "%lu\n", value);
	int fd = open_file(interface, name, O_WRONLY);
	if (fd < 0)
		return fd;
	int ret = write(fd, text, (size_t)len) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static bool get_address(const char *interface, char text[18]) {
	struct ifreq req = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", interface);
	bool known = ioctl(fd, SIOCGIFHWADDR, &req) == 0;
	close(fd);
	const uint8_t *a = (const uint8_t *)req.ifr_hwaddr.sa_data;
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
	return known;
}

static bool is_shown(const char *interface, int ifindex) {
	unsigned long index = 0;
	char address[18], shown[64];
	return read_number(interface, "ifindex", &index) == 0 && index == (unsigned long)ifindex
		&& read_text(interface, "address", shown, sizeof(shown)) == 0
		&& get_address(interface, address) && strncmp(address, shown, 17) == 0;
}

static int refuse(const char *interface, const char *file, int code, struct err *err) {
	return err_set(
		err, code,
		"its interrupts cannot be put off: /sys/class/net/%s/%s: %s (cure: as root, before "
		"the run, echo %lu > .../%s and echo %lu > .../%s)",
		interface, file, strerror(-code), files[XDP_DEFERRAL_IRQS].value,
		files[XDP_DEFERRAL_IRQS].name, files[XDP_DEFERRAL_TIMEOUT].value,
		files[XDP_DEFERRAL_TIMEOUT].name
	);
}

int xdp_deferral_begin(struct xdp_deferral *d, const struct xdp_interface *itf, struct err *err) {
	*d = (struct xdp_deferral){.ifindex = itf->index};
	memcpy(d->interface, itf->name, sizeof(d->interface));
	if (!is_shown(itf->name, itf->index))
		return err_set(
			err, -ENOENT,
			"its interrupts cannot be put off: /sys does not show this network "
			"namespace (cure: start with ip netns exec, which mounts it)"
		);
	uint32_t n_chosen = 0;
	for (int i = 0; i < XDP_DEFERRAL_FILES; i++) {
		int ret = read_number(itf->name, files[i].name, &d->before[i]);
		if (ret < 0)
			return refuse(itf->name, files[i].name, ret, err);
		n_chosen += d->before[i] != 0;
	}
	for (int i = 0; i < XDP_DEFERRAL_FILES && n_chosen < XDP_DEFERRAL_FILES; i++) {
		int ret = write_number(itf->name, files[i].name, files[i].value);
		if (ret < 0) {
			xdp_deferral_end(d);
			return refuse(itf->name, files[i].name, ret, err);
		}
		d->changed[i] = true;
	}
	return 0;
}

void xdp_deferral_end(struct xdp_deferral *d) {
	for (int i = 0; i < XDP_DEFERRAL_FILES; i++) {
		unsigned long now;
		if (!d->changed[i] || !is_shown(d->interface, d->ifindex)
		    || read_number(d->interface, files[i].name, &now) < 0 || now != files[i].value)
			continue;
		int ret = write_number(d->interface, files[i].name, d->before[i]);
		if (ret < 0)
			log_warn(
				"%s: %s stays at %lu: %s", d->interface, files[i].name, now,
				strerror(-ret)
			);
	}
	*d = (struct xdp_deferral){0};
}
