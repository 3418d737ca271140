// What holds an interface is asked of the kernel at the moment of the refusal: it may be gone already.

#include "xdp_refusal.h"

#include "xdp_owner.h"

#include "base/log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// The link that holds an interface's program; 0: none that can be seen. Links of other network
// namespaces are seen too, where an interface may have the same number.
static uint32_t find_link(int ifindex, uint32_t prog_id) {
	uint32_t id = 0;
	while (bpf_link_get_next_id(id, &id) == 0) {
		int fd = bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue;
		struct bpf_link_info info = {0};
		uint32_t len = sizeof(info);
		int rc = bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
		if (rc == 0 && info.type == BPF_LINK_TYPE_XDP && info.prog_id == prog_id
		    && info.xdp.ifindex == (uint32_t)ifindex)
			return id;
	}
	return 0;
}

bool xdp_occupant(
	const struct xdp_interface *itf, char *text, size_t len, char *cure, size_t cure_len
) {
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	if (bpf_xdp_query(itf->index, 0, &query) < 0)
		return false;
	uint32_t id = query.prog_id != 0 ? query.prog_id
		: query.drv_prog_id != 0 ? query.drv_prog_id
		: query.skb_prog_id != 0 ? query.skb_prog_id
					 : query.hw_prog_id;
	if (id == 0)
		return false;
	struct bpf_prog_info info = {0};
	uint32_t info_len = sizeof(info);
	struct program_owner owner;
	enum xdp_owner_is is = XDP_OWNER_NONE;
	int fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &info, &info_len);
		is = xdp_owner_of(fd, &owner);
		close(fd);
	}
	uint32_t link = find_link(itf->index, id);
	int n = snprintf(text, len, "XDP program %u", id);
	if (info.name[0] != '\0' && (size_t)n < len)
		n += snprintf(text + n, len - (size_t)n, " (%s)", info.name);
	if (is != XDP_OWNER_NONE && (size_t)n < len)
		n += snprintf(text + n, len - (size_t)n, " of Sluice, process %u", owner.pid);
	if (link != 0 && (size_t)n < len)
		snprintf(text + n, len - (size_t)n, ", attached by link %u", link);
	if (link != 0)
		snprintf(
			cure, cure_len,
			"end the program that holds it, or bpftool link detach id %u", link
		);
	else if (is == XDP_OWNER_GONE)
		snprintf(cure, cure_len, "sluice detach %s", itf->name);
	else if (strcmp(info.name, "xdp_dispatcher") == 0)
		snprintf(
			cure, cure_len,
			"input.xdp_attach = shared, with the BPF file system mounted in which libxdp "
			"keeps its programs, or ip link set dev %s xdp off",
			itf->name
		);
	else
		snprintf(
			cure, cure_len,
			"end the program that uses it, or ip link set dev %s xdp off", itf->name
		);
	return true;
}

int xdp_refuse(int rc, const struct xdp_interface *itf, struct err *err) {
	char what[256], cure[256];
	switch (rc) {
	case -EBUSY:
	case -EEXIST:
		if (!xdp_occupant(itf, what, sizeof(what), cure, sizeof(cure))) {
			strcpy(what, "another XDP program");
			strcpy(cure, "end the program that uses it");
		}
		return err_set(
			err, -EBUSY, "%s: %s is there already, and there can be one (cure: %s)",
			itf->name, what, cure
		);
	case -EPERM:
	case -EACCES:
		return err_set(
			err, -EPERM,
			"%s: no privilege to attach an XDP program (cure: " XDP_RIGHTS_CURE ")",
			itf->name
		);
	case -ENODEV:
		return err_set(err, rc, "%s: the interface went away", itf->name);
	}
	return err_set(
		err, rc, "%s: cannot attach an XDP program: %s (sluice inputs tells what it can)",
		itf->name, strerror(-rc)
	);
}

void xdp_say_generic(int native, const struct xdp_interface *itf) {
	log_info(
		"%s: generic XDP, slower than native: %s%s%s", itf->name,
		native == -EOPNOTSUPP ? "the driver has no XDP" : strerror(-native),
		itf->driver[0] != '\0' ? ", driver " : "", itf->driver
	);
}
