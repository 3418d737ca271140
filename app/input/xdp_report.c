// What `sluice inputs` says about XDP: privileges, and for each interface what it is, what it can and
// what stands in the way. Nothing is attached, and nothing that is loaded stays.

#include "input_ops.h"
#ifdef HAVE_XDP_SOCKETS
#include "xdp_busy.h"
#endif
#include "xdp_caps.h"
#ifdef HAVE_XDP_SHARED
#include "xdp_dispatcher.h"
#include "xdp_leftover.h"
#endif
#include "xdp_features.h"
#include "xdp_interface.h"
#include "xdp_offload.h"
#include "xdp_refusal.h"

#include "base/units.h"

#include <bpf/libbpf.h>

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAX_INTERFACES 12
#ifdef HAVE_XDP_SOCKETS
#define MODES ", redirect"
#else
#define MODES " (redirect needs a build with libxdp)"
#endif

// Linux 6.1 and newer are tested.
static bool say_kernel(struct input_report *r) {
	struct utsname name;
	unsigned major = 0, minor = 0;
	bool bpf = syscall(SYS_bpf, -1, NULL, 0) >= 0 || errno != ENOSYS;
	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	bool old = major < 6 || (major == 6 && minor < 1);
	input_report_say(
		r, "%-14s Linux %s%s%s\n", "kernel", name.release,
		old ? ": older than 6.1, not tested with it" : "",
		bpf ? "" : ": without bpf(2) (cure: CONFIG_BPF_SYSCALL)"
	);
	return bpf;
}

static bool say_rights(struct input_report *r) {
	struct err err;
	struct xdp_caps need = {.sockets = true};
	if (xdp_caps_check(&need, &err) == 0)
		return true;
	input_report_say(r, "%-14s %s\n", "rights", err.text);
	return false;
}

// Asked of a socket of any kind.
static void say_busy(struct input_report *r) {
#ifdef HAVE_XDP_SOCKETS
	struct err err = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	int ret = xdp_busy_ask(fd, &err);
	close(fd);
	input_report_say(
		r, "%-14s %s\n", "busy polling",
		ret < 0 ? err.text
			: "able, with drivers that tell the kernel which of their loops a frame came "
			  "by: the first frames show it"
	);
#endif
}

static void say_shared(struct input_report *r) {
#ifdef HAVE_XDP_SHARED
	char why[256];
	xdp_dispatcher_quiet();
	if (xdp_dispatcher_usable(why, sizeof(why)))
		input_report_say(r, "%-14s able, by libxdp's dispatcher\n", "shared");
	else
		input_report_say(
			r,
			"%-14s one XDP program an interface: libxdp's dispatcher cannot be used:\n"
			"%-14s   %s\n",
			"shared", "", why
		);
#else
	input_report_say(r, "%-14s " XDP_SHARED_NOT_BUILT "\n", "shared");
#endif
}

static void say_leftovers(struct input_report *r, const struct xdp_interface *itf) {
#ifdef HAVE_XDP_SHARED
	struct xdp_leftover list[XDP_LEFTOVERS_MAX];
	int n = xdp_leftover_list(itf, list);
	for (int i = 0; i < n; i++)
		if (list[i].owner == XDP_OWNER_GONE)
			input_report_say(
				r,
				"%-14s   left behind by process %u: XDP program %u (%s) (cure: "
				"sluice detach %s)\n",
				"", list[i].pid, list[i].id, list[i].name, itf->name
			);
#endif
}

static void say_offloads(struct input_report *r, const char *name) {
	uint32_t fixed, on = xdp_offload_read(name, &fixed);
	for (uint32_t i = 0; i < XDP_OFFLOADS; i++) {
		if ((on & 1u << i) == 0)
			continue;
		input_report_say(
			r, "%-14s   %s is on: %s\n", "", xdp_offload_name(1u << i),
			(fixed & 1u << i) != 0 ? "it cannot be switched off, so run refuses"
					       : "switched off for a run"
		);
	}
}

static void say_interface(struct input_report *r, const char *what, const char *name) {
	struct xdp_interface itf;
	struct xdp_features f;
	char occupant[256], cure[256];
	if (xdp_interface_get(&itf, name, NULL) < 0)
		return;
	if (!itf.ethernet) {
		input_report_say(r, "%-14s %-15s not Ethernet: not usable\n", what, name);
		return;
	}
	xdp_features_get(&f, itf.index);
	input_report_say(
		r, "%-14s %-15s %s, MTU %u, %u queue%s, driver %s, %s XDP: observe, kernel%s%s\n",
		what, name, itf.up ? "up" : "down", itf.mtu, itf.queues, units_plural(itf.queues),
		itf.driver[0] != '\0' ? itf.driver : "unknown",
		!f.known           ? "native or generic"
			: f.native ? "native"
				   : "generic",
		MODES, f.zero_copy ? " (zero-copy)" : ""
	);
	if (xdp_occupant(&itf, occupant, sizeof(occupant), cure, sizeof(cure)))
		input_report_say(r, "%-14s   taken: %s (cure: %s)\n", "", occupant, cure);
	say_leftovers(r, &itf);
	say_offloads(r, name);
}

static void say_interfaces(struct input_report *r) {
	struct if_nameindex *list = if_nameindex();
	uint32_t n = 0;
	for (struct if_nameindex *i = list; i != NULL && i->if_index != 0; i++, n++)
		if (n < MAX_INTERFACES)
			say_interface(r, n == 0 ? "interfaces" : "", i->if_name);
	if (n > MAX_INTERFACES)
		input_report_say(r, "%-14s and %u more (ip link)\n", "", n - MAX_INTERFACES);
	if (list != NULL)
		if_freenameindex(list);
}

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap) {
	return 0;
}

void input_report_xdp(struct input_report *r) {
	*r = (struct input_report){.name = "xdp", .built = true};
	libbpf_set_print(silent);
	input_report_say(r, "%-14s libbpf %s\n", "library", libbpf_version_string());
	bool bpf = say_kernel(r), rights = say_rights(r);
	say_busy(r);
	if (bpf && rights)
		say_shared(r);
	r->able = bpf && rights;
	say_interfaces(r);
}
