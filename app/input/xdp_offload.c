// By ethtool's features, which are found by name: the kernel numbers them as it likes.

#include "xdp_offload.h"

#include "base/log.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORDS 8 // of features; there are two in use

static const char *const names[XDP_OFFLOADS] = {
	"rx-vlan-hw-parse",
	"rx-vlan-stag-hw-parse",
	"rx-lro",
	"rx-gro-hw",
};

const char *xdp_offload_name(uint32_t offload) {
	return names[__builtin_ctz(offload)];
}

static int ethtool(int fd, const char *interface, void *command) {
	struct ifreq req = {.ifr_data = command};
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", interface);
	return ioctl(fd, SIOCETHTOOL, &req) < 0 ? -errno : 0;
}

// Features are bits; number[i] becomes the number of names[i], or -1. How many there are, or -errno.
static int find_numbers(int fd, const char *interface, int number[XDP_OFFLOADS]) {
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} ask = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};
	for (int i = 0; i < XDP_OFFLOADS; i++)
		number[i] = -1;
	int rc = ethtool(fd, interface, &ask);
	if (rc < 0 || ask.info.sset_mask == 0 || ask.count > WORDS * 32)
		return rc < 0 ? rc : -EOPNOTSUPP;
	struct ethtool_gstrings *all = calloc(1, sizeof(*all) + ask.count * ETH_GSTRING_LEN);
	if (all == NULL)
		return -ENOMEM;
	all->cmd = ETHTOOL_GSTRINGS;
	all->string_set = ETH_SS_FEATURES;
	all->len = ask.count;
	rc = ethtool(fd, interface, all);
	for (uint32_t k = 0; rc == 0 && k < ask.count; k++)
		for (int i = 0; i < XDP_OFFLOADS; i++)
			if (strncmp((char *)all->data + k * ETH_GSTRING_LEN, names[i],
				    ETH_GSTRING_LEN)
			    == 0)
				number[i] = (int)k;
	free(all);
	return rc < 0 ? rc : (int)ask.count;
}

uint32_t xdp_offload_read(const char *interface, uint32_t *fixed) {
	struct {
		struct ethtool_gfeatures head;
		struct ethtool_get_features_block block[WORDS];
	} features = {.head = {.cmd = ETHTOOL_GFEATURES, .size = WORDS}};
	uint32_t on = 0;
	int number[XDP_OFFLOADS];
	*fixed = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	int n = find_numbers(fd, interface, number);
	if (n > 0 && ethtool(fd, interface, &features) == 0)
		for (int i = 0; i < XDP_OFFLOADS; i++) {
			if (number[i] < 0)
				continue;
			const struct ethtool_get_features_block
				*b = &features.block[number[i] / 32];
			uint32_t bit = 1u << number[i] % 32;
			if ((b->active & bit) == 0)
				continue;
			on |= 1u << i;
			if ((b->available & bit) == 0 || (b->never_changed & bit) != 0)
				*fixed |= 1u << i;
		}
	close(fd);
	return on;
}

static int set(const char *interface, uint32_t bits, bool on, struct err *err) {
	struct {
		struct ethtool_sfeatures head;
		struct ethtool_set_features_block block[WORDS];
	} features = {.head = {.cmd = ETHTOOL_SFEATURES}};
	int number[XDP_OFFLOADS];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, -errno, "%s: socket: %s", interface, strerror(errno));
	int rc = find_numbers(fd, interface, number);
	features.head.size = rc > 0 ? ((uint32_t)rc + 31) / 32 : 0;
	for (int i = 0; i < XDP_OFFLOADS && rc > 0; i++) {
		if ((bits & 1u << i) == 0 || number[i] < 0)
			continue;
		struct ethtool_set_features_block *b = &features.block[number[i] / 32];
		b->valid |= 1u << number[i] % 32;
		b->requested |= on ? 1u << number[i] % 32 : 0;
	}
	if (rc > 0)
		rc = ethtool(fd, interface, &features);
	close(fd);
	return rc < 0 ? err_set(err, rc, "%s: %s", interface, strerror(-rc)) : 0;
}

static void name_all(uint32_t bits, char *text, size_t len) {
	text[0] = '\0';
	for (uint32_t i = 0; i < XDP_OFFLOADS; i++) {
		size_t n = strlen(text);
		if ((bits & 1u << i) != 0)
			snprintf(text + n, len - n, "%s%s", n > 0 ? ", " : "", names[i]);
	}
}

int xdp_offload_suspend(struct xdp_offloads *o, const struct xdp_interface *itf, struct err *err) {
	char text[128];
	uint32_t fixed, on = xdp_offload_read(itf->name, &fixed);
	if (o->ifindex != itf->index)
		*o = (struct xdp_offloads){.ifindex = itf->index};
	memcpy(o->interface, itf->name, sizeof(o->interface));
	if (on == 0)
		return 0;
	name_all(on, text, sizeof(text));
	int rc = fixed != 0 ? -EOPNOTSUPP : set(itf->name, on, false, NULL);
	// A driver may take the order and keep some of them on.
	uint32_t left = rc < 0 && fixed != 0 ? on : xdp_offload_read(itf->name, &fixed);
	o->off |= on & ~left;
	if (left == 0) {
		log_info("%s: switched off for the run: %s", itf->name, text);
		return 0;
	}
	name_all(left, text, sizeof(text));
	return err_set(
		err, rc < 0 ? rc : -EOPNOTSUPP,
		"%s: %s cannot be switched off, and would change frames before XDP sees them (cure: "
		"another interface; ethtool -k %s shows what its driver can)",
		itf->name, text, itf->name
	);
}

void xdp_offload_resume(struct xdp_offloads *o) {
	struct xdp_interface now;
	struct err err = {0};
	if (o->off == 0 || xdp_interface_get(&now, o->interface, NULL) < 0
	    || now.index != o->ifindex)
		return;
	if (set(o->interface, o->off, true, &err) < 0)
		log_warn("switching offloads on again: %s", err.text);
	o->off = 0;
}
