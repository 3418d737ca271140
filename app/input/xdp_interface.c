// Asks the kernel about an interface. /sys is not asked: it may show another network namespace.

#include "xdp_interface.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int ethtool(int fd, const char *name, void *command) {
	struct ifreq req = {.ifr_data = command};
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	return ioctl(fd, SIOCETHTOOL, &req) < 0 ? -errno : 0;
}

static uint32_t count_queues(int fd, const char *name) {
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	if (ethtool(fd, name, &channels) == 0) {
		uint32_t n = channels.rx_count + channels.combined_count;
		if (n > 0)
			return n;
	}
	struct ethtool_rxnfc rings = {.cmd = ETHTOOL_GRXRINGS};
	if (ethtool(fd, name, &rings) == 0 && rings.data > 0)
		return (uint32_t)rings.data;
	return 1;
}

int xdp_interface_get(struct xdp_interface *itf, const char *name, struct err *err) {
	*itf = (struct xdp_interface){0};
	if (name[0] == '\0' || strlen(name) >= sizeof(itf->name))
		return err_set(
			err, -ENODEV, "%s: no interface has such a name (up to %zu characters)",
			name, sizeof(itf->name) - 1
		);
	strcpy(itf->name, name);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(err, -errno, "%s: socket: %s", name, strerror(errno));
	struct ifreq req = {0};
	strcpy(req.ifr_name, name);
	int rc = 0;
	if (ioctl(fd, SIOCGIFINDEX, &req) < 0)
		rc = -errno;
	itf->index = req.ifr_ifindex;
	if (rc == 0 && ioctl(fd, SIOCGIFMTU, &req) < 0)
		rc = -errno;
	itf->mtu = (uint32_t)req.ifr_mtu;
	if (rc == 0 && ioctl(fd, SIOCGIFFLAGS, &req) < 0)
		rc = -errno;
	itf->up = (req.ifr_flags & IFF_UP) != 0;
	if (rc == 0 && ioctl(fd, SIOCGIFHWADDR, &req) < 0)
		rc = -errno;
	itf->ethernet = req.ifr_hwaddr.sa_family == ARPHRD_ETHER
		|| req.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	if (rc == 0) {
		struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
		if (ethtool(fd, name, &info) == 0)
			snprintf(itf->driver, sizeof(itf->driver), "%.31s", info.driver);
		itf->queues = count_queues(fd, name);
	}
	close(fd);
	if (rc == -ENODEV)
		return err_set(
			err, rc, "%s: no such interface (ip link shows those that there are)", name
		);
	return rc < 0 ? err_set(err, rc, "%s: %s", name, strerror(-rc)) : 0;
}

// RTM_GETLINK for one interface; the answer has the counters of 64 bits.
static int ask_link(int fd, int index, void *answer, size_t octets) {
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} ask = {
		.header =
			{
				.nlmsg_len = sizeof(ask),
				.nlmsg_type = RTM_GETLINK,
				.nlmsg_flags = NLM_F_REQUEST,
			},
		.link = {.ifi_index = index},
	};
	if (send(fd, &ask, sizeof(ask), 0) < 0)
		return -errno;
	ssize_t n = recv(fd, answer, octets, 0);
	return n < 0 ? -errno : (int)n;
}

int xdp_interface_stats(int index, struct xdp_interface_stats *stats) {
	_Alignas(struct nlmsghdr) char answer[16384];
	*stats = (struct xdp_interface_stats){0};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	int n = ask_link(fd, index, answer, sizeof(answer));
	close(fd);
	const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
	if (n < 0 || !NLMSG_OK(header, (uint32_t)n) || header->nlmsg_type != RTM_NEWLINK)
		return n < 0 ? n : -ENODEV;
	const struct ifinfomsg *link = NLMSG_DATA(header);
	int left = (int)IFLA_PAYLOAD(header);
	for (const struct rtattr *a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		struct rtnl_link_stats64 all = {0};
		if (a->rta_type != IFLA_STATS64)
			continue;
		// Older and newer kernels have fewer and more of them.
		memcpy(&all, RTA_DATA(a),
		       RTA_PAYLOAD(a) < sizeof(all) ? RTA_PAYLOAD(a) : sizeof(all));
		stats->received = all.rx_packets;
		stats->missed = all.rx_missed_errors;
		return 0;
	}
	return -ENODATA;
}
