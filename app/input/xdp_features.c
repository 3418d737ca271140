// Two questions over generic netlink: the number of the family "netdev", and its answer about one
// device. Debian 12's headers are older than the family, so its numbers stand here.

#include "xdp_features.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// linux/netdev.h of Linux 6.3
#define NETDEV_DEV_GET 1 // command
#define NETDEV_IFINDEX 1 // attributes of it
#define NETDEV_XDP_FEATURES 3
#define FEATURE_BASIC (1 << 0)
#define FEATURE_REDIRECT (1 << 1)
#define FEATURE_ZERO_COPY (1 << 3)
#define FEATURE_RX_SG (1 << 5)

// A question with one attribute, and room for the answer.
struct exchange {
	struct nlmsghdr header;
	struct genlmsghdr command;
	char rest[8192 - sizeof(struct nlmsghdr) - sizeof(struct genlmsghdr)];
};

// Sends a question, leaves the answer in its place. Octets of the answer's attributes; 0: none.
static size_t
ask(int fd, struct exchange *x, uint16_t family, uint8_t command, uint16_t type, const void *value,
    size_t len) {
	struct nlattr *attr = (struct nlattr *)x->rest;
	memset(x, 0, sizeof(*x));
	x->command.cmd = command;
	x->command.version = 1;
	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy(x->rest + NLA_HDRLEN, value, len);
	x->header = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + GENL_HDRLEN + NLA_ALIGN(attr->nla_len)),
		.nlmsg_type = family,
		.nlmsg_flags = NLM_F_REQUEST,
	};
	if (send(fd, x, x->header.nlmsg_len, 0) < 0)
		return 0;
	ssize_t n = recv(fd, x, sizeof(*x), 0);
	if (n < (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN) || x->header.nlmsg_type != family)
		return 0;
	return (size_t)n - NLMSG_HDRLEN - GENL_HDRLEN;
}

// Copies the value of an attribute; false if it is not there or of another length.
static bool find(const struct exchange *x, size_t octets, uint16_t type, void *value, size_t len) {
	for (size_t at = 0; at + NLA_HDRLEN <= octets;) {
		struct nlattr attr;
		memcpy(&attr, x->rest + at, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > octets - at)
			return false;
		if ((attr.nla_type & NLA_TYPE_MASK) == type) {
			if (attr.nla_len != NLA_HDRLEN + len)
				return false;
			memcpy(value, x->rest + at + NLA_HDRLEN, len);
			return true;
		}
		at += NLA_ALIGN(attr.nla_len);
	}
	return false;
}

void xdp_features_get(struct xdp_features *f, int ifindex) {
	struct exchange x;
	*f = (struct xdp_features){0};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return;
	uint16_t family = 0;
	uint64_t bits = 0;
	size_t n = ask(
		fd, &x, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, "netdev",
		sizeof("netdev")
	);
	if (!find(&x, n, CTRL_ATTR_FAMILY_ID, &family, sizeof(family)))
		goto end;
	uint32_t index = (uint32_t)ifindex;
	n = ask(fd, &x, family, NETDEV_DEV_GET, NETDEV_IFINDEX, &index, sizeof(index));
	if (!find(&x, n, NETDEV_XDP_FEATURES, &bits, sizeof(bits)))
		goto end;
	f->known = true;
	f->native = (bits & FEATURE_BASIC) != 0;
	f->redirect = (bits & FEATURE_REDIRECT) != 0;
	f->zero_copy = (bits & FEATURE_ZERO_COPY) != 0;
	f->frags = (bits & FEATURE_RX_SG) != 0;
end:
	close(fd);
}
