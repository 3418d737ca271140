// Three options of a socket. The time is of no meaning to a socket that never blocks, but 0 would switch
// it off.

#include "xdp_busy.h"

#include "packet/burst.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define BUSY_US 20

static int set(int fd, int option, int value) {
	return setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

int xdp_busy_ask(int fd, struct err *err) {
	int ret = set(fd, SO_PREFER_BUSY_POLL, 1);
	if (ret == 0)
		ret = set(fd, SO_BUSY_POLL, BUSY_US);
	if (ret == 0)
		ret = set(fd, SO_BUSY_POLL_BUDGET, BURST_MAX);
	if (ret == 0)
		return 0;
	xdp_busy_renounce(fd);
	if (ret == -ENOPROTOOPT)
		return err_set(
			err, -ENOTSUP,
			"this kernel cannot prefer busy polling (Linux 5.11 or newer with "
			"CONFIG_NET_RX_BUSY_POLL can)"
		);
	if (ret == -EPERM)
		return err_set(
			err, ret,
			"no privilege to busy poll (cure: run as root, or with CAP_NET_ADMIN)"
		);
	return err_set(err, ret, "busy polling: %s", strerror(-ret));
}

void xdp_busy_renounce(int fd) {
	set(fd, SO_PREFER_BUSY_POLL, 0);
	set(fd, SO_BUSY_POLL, 0);
}

bool xdp_busy_known(int fd) {
	unsigned int napi = 0;
	socklen_t len = sizeof(napi);
	return getsockopt(fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &napi, &len) == 0 && napi != 0;
}
