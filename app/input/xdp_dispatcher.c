// libxdp looks at the same two things and then goes on without a dispatcher, telling nobody who calls it
// why: a BPF file system where it keeps its pins, and a kernel that lets a program replace a function of
// another (BPF_PROG_TYPE_EXT).

#include "xdp_dispatcher.h"

#include "base/log.h"
#include "ebpf/program.h"

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include <errno.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

static int log_libxdp(enum libxdp_print_level level, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
static int log_libxdp(enum libxdp_print_level level, const char *fmt, va_list ap) {
	char text[512];
	vsnprintf(text, sizeof(text), fmt, ap);
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;)
		if (line[0] != '\0')
			log_debug("%s", line);
	return 0;
}

void xdp_dispatcher_quiet(void) {
	libxdp_set_print(log_libxdp);
}

const char *xdp_dispatcher_bpffs(void) {
	const char *dir = secure_getenv(XDP_BPFFS_ENVVAR);
	return dir != NULL ? dir : "/sys/fs/bpf";
}

// libxdp mounts it itself, if it was told to.
static bool has_bpffs(const char *dir) {
	const char *mount = secure_getenv(XDP_BPFFS_MOUNT_ENVVAR);
	struct statfs fs;
	if (mount != NULL && strcmp(mount, "1") == 0)
		return true;
	return statfs(dir, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

static struct bpf_program *open_program(struct bpf_object **object) {
	size_t octets;
	const void *image = program_redirect(&octets);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "sluice");
	*object = bpf_object__open_mem(image, octets, &opts);
	return *object != NULL ? bpf_object__find_program_by_name(*object, "redirect") : NULL;
}

// One program in the place of another's function: 0 or -errno.
static int try_replacing(void) {
	struct bpf_object *below = NULL, *above = NULL;
	struct bpf_program *target = open_program(&below), *part = open_program(&above);
	struct bpf_link *link = NULL;
	int rc = target == NULL || part == NULL ? -ENOMEM : bpf_object__load(below);
	if (rc < 0)
		goto out;
	bpf_program__set_type(part, BPF_PROG_TYPE_EXT);
	bpf_program__set_expected_attach_type(part, 0);
	rc = bpf_program__set_attach_target(part, bpf_program__fd(target), "redirect");
	if (rc == 0)
		rc = bpf_object__load(above);
	if (rc < 0)
		goto out;
	link = bpf_program__attach_trace(part);
	rc = link != NULL ? 0 : -errno;
out:
	bpf_link__destroy(link);
	bpf_object__close(above);
	bpf_object__close(below);
	return rc;
}

bool xdp_dispatcher_usable(char *why, size_t len) {
	const char *dir = xdp_dispatcher_bpffs();
	int rc = try_replacing();
	if (rc < 0) {
		char text[128];
		libbpf_strerror(rc, text, sizeof(text));
		snprintf(
			why, len,
			"this kernel does not let a program replace a part of another "
			"(BPF_PROG_TYPE_EXT: %s; cure: a kernel that does, as Debian's)",
			text
		);
		return false;
	}
	if (!has_bpffs(dir)) {
		snprintf(
			why, len, "no BPF file system at %s (cure: mount -t bpf bpf %s)", dir, dir
		);
		return false;
	}
	return true;
}
