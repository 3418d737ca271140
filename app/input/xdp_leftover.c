// By libxdp's own functions where an interface is concerned, so that a dispatcher's other programs stay.
// libxdp_clean_references is not used: it knows no network namespaces, and takes away pins of other ones.

#include "xdp_leftover.h"

#include "xdp_dispatcher.h"

#include "base/log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

// NULL: no program is there, with 0 in `rc`, or it cannot be seen.
static struct xdp_multiprog *look(const struct xdp_interface *itf, int *rc) {
	xdp_dispatcher_quiet();
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(itf->index);
	long code = libxdp_get_error(mp);
	*rc = code == -ENOENT ? 0 : (int)code;
	return code != 0 ? NULL : mp;
}

// The programs of a dispatcher, or the one that is alone. NULL: no more.
static struct xdp_program *next(const struct xdp_multiprog *mp, struct xdp_program *p) {
	if (!xdp_multiprog__is_legacy(mp))
		return xdp_multiprog__next_prog(p, mp);
	return p == NULL ? xdp_multiprog__main_prog(mp) : NULL;
}

int xdp_leftover_list(
	const struct xdp_interface *itf, struct xdp_leftover list[XDP_LEFTOVERS_MAX]
) {
	int rc, n = 0;
	struct xdp_multiprog *mp = look(itf, &rc);
	if (mp == NULL)
		return rc;
	for (struct xdp_program *p = next(mp, NULL); p != NULL && n < XDP_LEFTOVERS_MAX;
	     p = next(mp, p)) {
		struct program_owner owner;
		enum xdp_owner_is is = xdp_owner_of(xdp_program__fd(p), &owner);
		if (is == XDP_OWNER_NONE)
			continue;
		list[n] = (struct xdp_leftover
		){.id = xdp_program__id(p), .pid = owner.pid, .owner = is};
		snprintf(list[n].name, sizeof(list[n].name), "%s", xdp_program__name(p));
		n++;
	}
	xdp_multiprog__close(mp);
	return n;
}

int xdp_leftover_remove(
	const struct xdp_interface *itf, const struct xdp_leftover *it, struct err *err
) {
	int rc;
	struct xdp_multiprog *mp = look(itf, &rc);
	if (mp == NULL && rc == 0)
		return 0;
	struct xdp_program *p = NULL;
	while (mp != NULL && (p = next(mp, p)) != NULL)
		if (xdp_program__id(p) == it->id)
			break;
	if (p != NULL)
		rc = xdp_program__detach(p, itf->index, xdp_multiprog__attach_mode(mp), 0);
	xdp_multiprog__close(mp);
	if (rc >= 0 || rc == -ENOENT)
		return 0;
	return err_set(
		err, rc,
		"%s: XDP program %u (%s), left behind by process %u, cannot be removed: %s",
		itf->name, it->id, it->name, it->pid, strerror(-rc)
	);
}

int xdp_leftover_clear(const struct xdp_interface *itf, struct err *err) {
	struct xdp_leftover list[XDP_LEFTOVERS_MAX];
	int n = xdp_leftover_list(itf, list);
	// What cannot be seen is refused when a program is attached, with the cure.
	for (int i = 0; i < n; i++) {
		if (list[i].owner != XDP_OWNER_GONE)
			continue;
		int rc = xdp_leftover_remove(itf, &list[i], err);
		if (rc < 0)
			return rc;
		log_info(
			"%s: removed XDP program %u (%s), left behind by process %u, which is gone",
			itf->name, list[i].id, list[i].name, list[i].pid
		);
	}
	xdp_leftover_unpin();
	return 0;
}

// ---- pins ----

static bool is_left(const char *path, uint64_t netns) {
	struct program_owner owner;
	int fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	bool left = xdp_owner_of(fd, &owner) == XDP_OWNER_GONE && owner.netns == netns;
	close(fd);
	return left;
}

// The link goes first, which takes the program out of the dispatcher.
static bool unpin(const char *folder, unsigned number, uint64_t netns) {
	char program[PATH_MAX + 32], link[PATH_MAX + 32];
	snprintf(program, sizeof(program), "%s/prog%u-prog", folder, number);
	snprintf(link, sizeof(link), "%s/prog%u-link", folder, number);
	if (!is_left(program, netns))
		return false;
	unlink(link);
	if (unlink(program) == 0)
		log_debug("removed %s", program);
	return true;
}

static void sweep(const char *folder, uint64_t netns) {
	bool any = false;
	for (unsigned i = 0; i < XDP_LEFTOVERS_MAX; i++)
		any = unpin(folder, i, netns) || any;
	if (any)
		rmdir(folder); // unless there is something else in it
}

static bool has_program(int ifindex, uint32_t id) {
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	if (bpf_xdp_query(ifindex, 0, &query) < 0)
		return false;
	return query.prog_id == id || query.drv_prog_id == id || query.skb_prog_id == id
		|| query.hw_prog_id == id;
}

void xdp_leftover_unpin(void) {
	struct dirent *d;
	char path[PATH_MAX], folder[PATH_MAX];
	uint64_t netns = xdp_owner_netns();
	snprintf(path, sizeof(path), "%s/xdp", xdp_dispatcher_bpffs());
	DIR *dir = opendir(path);
	if (dir == NULL)
		return;
	// As libxdp does while it looks at pins or makes them.
	flock(dirfd(dir), LOCK_EX);
	while ((d = readdir(dir)) != NULL) {
		int ifindex;
		uint32_t id;
		if (sscanf(d->d_name, "dispatch-%d-%u", &ifindex, &id) != 2
		    || has_program(ifindex, id))
			continue;
		int n = snprintf(folder, sizeof(folder), "%s/%s", path, d->d_name);
		if (n > 0 && (size_t)n < sizeof(folder))
			sweep(folder, netns);
	}
	closedir(dir);
}
