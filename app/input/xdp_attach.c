// bpf_link_create with the mode in its flags: libbpf's bpf_program__attach_xdp leaves the mode to the
// kernel, which takes the driver's and does not try the other when that fails.

#include "xdp_attach.h"

#include "base/log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RIGHTS_CURE                                                                                 \
	"run as root, or give it the capabilities: setcap cap_bpf,cap_net_admin,cap_net_raw+ep on " \
	"the program, AmbientCapabilities= in a systemd unit"

// The link that holds an interface's program; 0: none that can be seen.
static uint32_t find_link(int ifindex) {
	uint32_t id = 0;
	while (bpf_link_get_next_id(id, &id) == 0) {
		int fd = bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue;
		struct bpf_link_info info = {0};
		uint32_t len = sizeof(info);
		int rc = bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
		if (rc == 0 && info.type == BPF_LINK_TYPE_XDP
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
	int fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &info, &info_len);
		close(fd);
	}
	uint32_t link = find_link(itf->index);
	int n = snprintf(text, len, "XDP program %u", id);
	if (info.name[0] != '\0' && (size_t)n < len)
		n += snprintf(text + n, len - (size_t)n, " (%s)", info.name);
	if (link != 0 && (size_t)n < len)
		snprintf(text + n, len - (size_t)n, ", attached by link %u", link);
	if (link != 0)
		snprintf(
			cure, cure_len,
			"end the program that holds it, or bpftool link detach id %u", link
		);
	else
		snprintf(
			cure, cure_len,
			"end the program that uses it, or ip link set dev %s xdp off", itf->name
		);
	return true;
}

static int attach_as(int prog_fd, int ifindex, uint32_t mode) {
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);
	int fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);
	return fd;
}

static int refuse(int rc, const struct xdp_interface *itf, struct err *err) {
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
			"%s: no privilege to attach an XDP program (cure: " RIGHTS_CURE ")",
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

int xdp_attach(
	struct xdp_attachment *a, struct bpf_program *prog, const struct xdp_interface *itf,
	struct err *err
) {
	int prog_fd = bpf_program__fd(prog);
	*a = (struct xdp_attachment){
		.ifindex = itf->index,
		.frags = (bpf_program__flags(prog) & BPF_F_XDP_HAS_FRAGS) != 0,
	};
	int native = attach_as(prog_fd, itf->index, XDP_FLAGS_DRV_MODE);
	if (native >= 0) {
		a->link = native;
		return 0;
	}
	if (native == -EBUSY || native == -EEXIST || native == -EPERM || native == -ENODEV)
		return refuse(native, itf, err);
	int generic = attach_as(prog_fd, itf->index, XDP_FLAGS_SKB_MODE);
	if (generic < 0)
		return refuse(generic, itf, err);
	a->link = generic;
	a->generic = true;
	log_info(
		"%s: generic XDP, slower than native: %s%s%s", itf->name,
		native == -EOPNOTSUPP ? "the driver has no XDP" : strerror(-native),
		itf->driver[0] != '\0' ? ", driver " : "", itf->driver
	);
	return 0;
}

void xdp_detach(struct xdp_attachment *a) {
	if (a->link > 0)
		close(a->link);
	*a = (struct xdp_attachment){0};
}

int xdp_load(struct bpf_object *object, struct err *err) {
	int rc = bpf_object__load(object);
	if (rc == 0)
		return 0;
	if (rc == -EPERM) // -EACCES is the verifier's
		return err_set(
			err, -EPERM, "no privilege to load an XDP program (cure: " RIGHTS_CURE ")"
		);
	return err_set(
		err, rc,
		"the kernel does not take the XDP program: %s (Linux 6.1 or newer with CONFIG_BPF_SYSCALL "
		"is needed; SLUICE_LOG=debug shows what it says)",
		strerror(-rc)
	);
}

bool xdp_attached(const struct xdp_attachment *a) {
	struct bpf_link_info info = {0};
	uint32_t len = sizeof(info);
	if (a->link == 0)
		return false;
	if (bpf_obj_get_info_by_fd(a->link, &info, &len) < 0)
		return true;
	return info.xdp.ifindex == (uint32_t)a->ifindex;
}
