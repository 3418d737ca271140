// `sluice detach`: what killed runs left on an interface, found by the mark in each program, and taken
// off by libxdp.

#include "input.h"
#include "xdp_interface.h"
#include "xdp_leftover.h"
#include "xdp_refusal.h"

#include <bpf/libbpf.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap) {
	return 0;
}

static void add(char *text, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void add(char *text, size_t len, const char *fmt, ...) {
	size_t n = strlen(text);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text + n, len - n, fmt, ap);
	va_end(ap);
}

static int remove_left(
	const struct xdp_interface *itf, const struct xdp_leftover *it, char *said, size_t len,
	struct err *err
) {
	int rc;
	switch (it->owner) {
	case XDP_OWNER_GONE:
		rc = xdp_leftover_remove(itf, it, err);
		if (rc == 0)
			add(said, len,
			    "%s: removed XDP program %u (%s), left behind by process %u\n",
			    itf->name, it->id, it->name, it->pid);
		return rc;
	case XDP_OWNER_THERE:
		add(said, len,
		    "%s: XDP program %u (%s) is in use by process %u: it takes it off when it "
		    "ends\n",
		    itf->name, it->id, it->name, it->pid);
		return 0;
	default:
		return err_set(
			err, -EPERM,
			"%s: no privilege to see whether XDP program %u (%s) is in use (cure: run "
			"as root)",
			itf->name, it->id, it->name
		);
	}
}

static void say_nothing(const struct xdp_interface *itf, char *said, size_t len) {
	char what[256], cure[256];
	if (!xdp_occupant(itf, what, sizeof(what), cure, sizeof(cure)))
		add(said, len, "%s: there is no XDP program\n", itf->name);
	else
		add(said, len, "%s: nothing was left behind; there is %s\n", itf->name, what);
}

int input_detach_xdp(const char *name, char *said, size_t len, struct err *err) {
	struct xdp_leftover list[XDP_LEFTOVERS_MAX];
	struct xdp_interface itf;
	said[0] = '\0';
	libbpf_set_print(silent);
	int rc = xdp_interface_get(&itf, name, err);
	if (rc < 0)
		return rc;
	int n = xdp_leftover_list(&itf, list);
	if (n == -EPERM)
		return err_set(
			err, n,
			"%s: no privilege to see the XDP program that is there (cure: run as root)",
			name
		);
	if (n < 0)
		return err_set(
			err, n, "%s: cannot see which XDP programs are there: %s", name,
			strerror(-n)
		);
	if (n == 0)
		say_nothing(&itf, said, len);
	for (int i = 0; i < n && rc == 0; i++)
		rc = remove_left(&itf, &list[i], said, len, err);
	xdp_leftover_unpin();
	return rc;
}
