// The mark is a read-only map of the program's own, filled in before the program is loaded: there is no
// moment at which the program is attached without it.

#include "xdp_owner.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define MAX_MAPS 16

uint64_t xdp_owner_netns(void) {
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0)
		cookie = 0;
	close(fd);
	return cookie;
}

static int set_mark(struct bpf_object *object, const struct program_owner *owner) {
	struct bpf_map *map = bpf_object__find_map_by_name(object, PROGRAM_OWNER_MAP);
	if (map == NULL)
		return -ENOENT;
	return bpf_map__set_initial_value(map, owner, sizeof(*owner));
}

int xdp_owner_mark(struct bpf_object *object, int ifindex, struct err *err) {
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "sluice_alive", 4, 8, 1, NULL);
	if (fd < 0)
		return err_set(
			err, -errno, "a map that marks the XDP program: %s", strerror(errno)
		);
	int rc = bpf_obj_get_info_by_fd(fd, &info, &len) < 0 ? -errno : 0;
	struct program_owner owner = {
		.magic = PROGRAM_OWNER_MAGIC,
		.alive = info.id,
		.netns = xdp_owner_netns(),
		.ifindex = (uint32_t)ifindex,
		.pid = (uint32_t)getpid(),
	};
	if (rc == 0)
		rc = set_mark(object, &owner);
	if (rc == 0)
		return fd;
	close(fd);
	return err_set(err, rc, "the XDP program cannot be marked: %s", strerror(-rc));
}

static bool read_mark(uint32_t map_id, struct program_owner *owner) {
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info), first = 0;
	int fd = bpf_map_get_fd_by_id(map_id);
	if (fd < 0)
		return false;
	bool ours = bpf_obj_get_info_by_fd(fd, &info, &len) == 0
		&& strcmp(info.name, PROGRAM_OWNER_MAP) == 0 && info.key_size == sizeof(first)
		&& info.value_size == sizeof(*owner) && bpf_map_lookup_elem(fd, &first, owner) == 0
		&& owner->magic == PROGRAM_OWNER_MAGIC;
	close(fd);
	return ours;
}

static enum xdp_owner_is look_for(uint32_t alive) {
	int fd = bpf_map_get_fd_by_id(alive);
	if (fd < 0)
		return errno == ENOENT ? XDP_OWNER_GONE : XDP_OWNER_UNKNOWN;
	close(fd);
	return XDP_OWNER_THERE;
}

enum xdp_owner_is xdp_owner_of(int prog_fd, struct program_owner *owner) {
	uint32_t map[MAX_MAPS] = {0};
	struct bpf_prog_info info = {
		.nr_map_ids = MAX_MAPS,
		.map_ids = (uintptr_t)map,
	};
	uint32_t len = sizeof(info);
	if (bpf_obj_get_info_by_fd(prog_fd, &info, &len) < 0)
		return XDP_OWNER_NONE;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAX_MAPS; i++)
		if (read_mark(map[i], owner))
			return look_for(owner->alive);
	return XDP_OWNER_NONE;
}
