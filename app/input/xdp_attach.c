// bpf_link_create with the mode in its flags: libbpf's bpf_program__attach_xdp leaves the mode to the
// kernel, which takes the driver's and does not try the other when that fails.

#include "xdp_attach.h"

#include "xdp_refusal.h"
#ifdef HAVE_XDP_SHARED
#include "xdp_leftover.h"
#include "xdp_shared.h"
#endif

#include "base/log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

static int attach_as(int prog_fd, int ifindex, uint32_t mode) {
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);
	int fd = bpf_link_create(prog_fd, ifindex, BPF_XDP, &opts);
	return fd;
}

static int attach_link(
	struct xdp_attachment *a, const struct xdp_loaded *loaded, const struct xdp_interface *itf,
	struct err *err
) {
	int prog_fd = bpf_program__fd(bpf_object__find_program_by_name(loaded->object, loaded->name)
	);
	int native = attach_as(prog_fd, itf->index, XDP_FLAGS_DRV_MODE);
	if (native >= 0) {
		a->link = native;
		return 0;
	}
	if (native == -EBUSY || native == -EEXIST || native == -EPERM || native == -ENODEV)
		return xdp_refuse(native, itf, err);
	int generic = attach_as(prog_fd, itf->index, XDP_FLAGS_SKB_MODE);
	if (generic < 0)
		return xdp_refuse(generic, itf, err);
	a->link = generic;
	a->generic = true;
	xdp_say_generic(native, itf);
	return 0;
}

#ifdef HAVE_XDP_SHARED

// What a killed run left on the interface goes first, whichever way this one attaches.
static int
attach(struct xdp_attachment *a, const struct xdp_loaded *loaded, const struct xdp_interface *itf,
       bool shared, struct err *err) {
	int rc = xdp_leftover_clear(itf, err);
	if (rc < 0)
		return rc;
	if (!shared)
		return attach_link(a, loaded, itf, err);
	a->shared = xdp_shared_attach(loaded, itf, &a->generic, &rc, err);
	return rc;
}

static void detach(struct xdp_attachment *a) {
	xdp_shared_detach(a->shared);
}

static bool attached(const struct xdp_attachment *a) {
	return xdp_shared_attached(a->shared);
}

#else

static int
attach(struct xdp_attachment *a, const struct xdp_loaded *loaded, const struct xdp_interface *itf,
       bool shared, struct err *err) {
	if (shared)
		return err_set(err, -ENOTSUP, "input.xdp_attach: shared: " XDP_SHARED_NOT_BUILT);
	return attach_link(a, loaded, itf, err);
}

static void detach(struct xdp_attachment *a) {}

static bool attached(const struct xdp_attachment *a) {
	return false;
}

#endif

int xdp_attach(
	struct xdp_attachment *a, const struct xdp_loaded *loaded, const struct xdp_interface *itf,
	bool shared, struct err *err
) {
	*a = (struct xdp_attachment){0};
	int rc = attach(a, loaded, itf, shared, err);
	if (rc == 0)
		a->ifindex = itf->index;
	return rc;
}

void xdp_detach(struct xdp_attachment *a) {
	detach(a);
	if (a->link > 0)
		close(a->link);
	*a = (struct xdp_attachment){0};
}

bool xdp_attached(const struct xdp_attachment *a) {
	struct bpf_link_info info = {0};
	uint32_t len = sizeof(info);
	if (a->shared != NULL)
		return attached(a);
	if (a->link == 0)
		return false;
	if (bpf_obj_get_info_by_fd(a->link, &info, &len) < 0)
		return true;
	return info.xdp.ifindex == (uint32_t)a->ifindex;
}
