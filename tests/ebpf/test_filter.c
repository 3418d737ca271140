// The tcpdump filter as an XDP program answers as libpcap does, for many expressions on frames of all kinds;
// what cannot run in the kernel is refused. With -b it prints nanoseconds a frame instead. Needs root, no
// interface; prints TAP.

#include "app/input/xdp_filter.h"

#include "packet/filter.h"
#include "packet/link.h"
#include "packet/packet.h"

#include "filter_expressions.h"
#include "filter_frames.h"
#include "filter_rig.h"
#include "tap.h"
#include "xdp_test.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BENCH_REPEAT 1000000

#define COUNT(list) (sizeof(list) / sizeof(list[0]))

// ---- making and running filters ----

static struct filter_rig rig;
static struct filter_frames frames;
static bool splits; // frames can be run in buffers of any size

static struct filter *make(const char *expression) {
	struct err err = {0};
	struct filter *f = filter_new(expression, &err);
	if (f == NULL)
		tap_bail_out("%s", err.text);
	return f;
}

// A loaded program, -errno with err set.
static int load(const struct filter *f, struct err *err) {
	struct bpf_insn *insns;
	uint32_t n;
	int fd = -1, ret = xdp_filter_compile(f, rig.next, rig.lost, &insns, &n, err);
	if (ret < 0)
		return ret;
	ret = xdp_filter_load(insns, n, &fd, err);
	free(insns);
	return ret < 0 ? ret : fd;
}

static bool wanted(const struct filter *f, const struct filter_frame *frame) {
	struct packet p = {
		.link = LINK_ETHERNET,
		.head_len = frame->len,
		.cap_len = frame->len,
		.wire_len = frame->len,
	};
	return filter_pass(f, &p, frame->data, frame->len);
}

// Octets of the first buffer, for frames in two: of any header some.
static uint32_t split(uint32_t i) {
	return 14 + i % 50;
}

// Runs an expression on all frames. Says the first difference; counts what passed.
static bool agrees(const char *expression, bool in_two, uint32_t *passed) {
	struct filter *f = make(expression);
	struct err err = {0};
	int fd = load(f, &err);
	bool ok = fd >= 0;
	if (!ok)
		printf("# %s\n", err.text);
	*passed = 0;
	for (uint32_t i = 0; ok && i < frames.n; i++) {
		const struct filter_frame *frame = &frames.frame[i];
		enum filter_answer want = wanted(f, frame) ? FILTER_PASSED : FILTER_REFUSED;
		enum filter_answer got = filter_rig_run(
			fd, frame->data, frame->len, in_two ? split(i) : 0, 1, NULL
		);
		*passed += want == FILTER_PASSED;
		ok = got == want;
		if (!ok) {
			printf("# frame %u, %u octets: %d, not %d:", i, frame->len, got, want);
			for (uint32_t k = 0; k < frame->len && k < 80; k++)
				printf(" %02x", frame->data[k]);
			printf("\n");
		}
	}
	if (fd >= 0)
		close(fd);
	filter_free(f);
	return ok;
}

static void test_expressions(void) {
	uint32_t passed;
	for (size_t i = 0; i < COUNT(expressions); i++) {
		bool ok = agrees(expressions[i], false, &passed);
		tap_ok(ok && passed > 0 && passed < frames.n, "%s: %u of %u frames pass",
		       expressions[i], passed, frames.n);
	}
	for (size_t i = 0; i < COUNT(plain); i++) {
		bool ok = agrees(plain[i], false, &passed);
		tap_ok(ok && (passed == 0 || passed == frames.n), "'%s': %u of %u frames pass",
		       plain[i], passed, frames.n);
	}
}

// The helper's part of every read.
static void test_buffers(void) {
	if (!splits) {
		tap_skip(
			"this kernel's BPF_PROG_TEST_RUN fills the first buffer (Linux 6.18 need not)",
			"headers across buffers"
		);
		return;
	}
	bool ok = true;
	uint32_t passed, all = 0;
	for (size_t i = 0; i < COUNT(expressions); i++) {
		ok = agrees(expressions[i], true, &passed) && ok;
		all += passed;
	}
	tap_ok(ok && all > 0, "headers across buffers: %zu expressions agree", COUNT(expressions));
}

// ---- long lists ----

// "host A or host B or ...", of hosts that no frame is of but the last.
static char *list_of_hosts(uint32_t n) {
	size_t size = 40 * (size_t)n + 40, len = 0;
	char *text = malloc(size);
	if (text == NULL)
		tap_bail_out("out of memory");
	for (uint32_t i = 1; i < n; i++)
		len += (size_t)snprintf(
			text + len, size - len, "host 198.%u.%u.%u or ", 18 + (i >> 16),
			i >> 8 & 0xff, i & 0xff
		);
	snprintf(text + len, size - len, "host 172.16.3.21");
	return text;
}

static void test_lists(void) {
	static const uint32_t lengths[] = {30, 100, 200};
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char *text = list_of_hosts(lengths[i]);
		uint32_t passed;
		bool ok = agrees(text, false, &passed);
		tap_ok(ok && passed > 0 && passed < frames.n,
		       "a list of %u hosts: %u of %u frames pass", lengths[i], passed, frames.n);
		free(text);
	}
	static char ports[20000];
	size_t len = 0;
	for (uint32_t i = 0; i < 200; i++)
		len += (size_t)snprintf(
			ports + len, sizeof(ports) - len, "%s(net 10.%u.0.0/16 and tcp port %u)",
			i > 0 ? " or " : "", 199 - i, 80 + i % 100 * 7
		);
	uint32_t passed;
	bool ok = agrees(ports, false, &passed);
	tap_ok(ok && passed < frames.n, "200 pairs of network and port: %u of %u frames pass",
	       passed, frames.n);
}

// ---- refusals ----

static void
check_refused(const char *what, int got, int want, const struct err *err, const char *says) {
	tap_ok(got == want && strstr(err->text, says) != NULL, "%s is refused: %s", what,
	       err->text);
	if (got >= 0)
		close(got);
}

static void refuses(const char *expression, int want, const char *says) {
	struct err err = {0};
	struct filter *f = make(expression);
	char what[80];
	snprintf(what, sizeof(what), "%.60s", expression);
	check_refused(what, load(f, &err), want, &err, says);
	filter_free(f);
}

static void test_refusals(void) {
	refuses("ip6 protochain 6", -EOPNOTSUPP, "without protochain");
	refuses("ip protochain 17", -EOPNOTSUPP, "input.xdp_mode = observe");
	refuses("ip[-20] = 0", -EOPNOTSUPP, "offset -6");
	refuses("ether[-4096] = 1", -EOPNOTSUPP, "offset -4096");
	refuses("ether[65536] = 1", -EOPNOTSUPP, "up to 65535");
	refuses("tcp[65536] = 1", -EOPNOTSUPP, "offset 65550");
}

// ---- around it ----

static void test_lost(void) {
	struct filter *f = make("tcp");
	struct err err = {0};
	int fd = load(f, &err);
	uint64_t before = filter_rig_lost(&rig);
	filter_rig_connect(&rig, false);
	bool ok = true;
	for (uint32_t i = 0; i < 100; i++)
		ok = ok
			&& filter_rig_run(fd, frames.frame[i].data, frames.frame[i].len, 0, 1, NULL)
				== FILTER_LOST;
	uint64_t lost = filter_rig_lost(&rig) - before;
	filter_rig_connect(&rig, true);
	tap_ok(ok && before == 0 && lost == 100,
	       "frames that no program takes pass to the host and are counted: %llu",
	       (unsigned long long)lost);
	ok = filter_rig_run(fd, frames.frame[0].data, frames.frame[0].len, 0, 1, NULL)
		!= FILTER_LOST;
	tap_ok(ok && filter_rig_lost(&rig) == lost, "and no longer once there is one");
	close(fd);
	filter_free(f);
}

// How many expressions load in a process with these capabilities only; -1: it could not be made.
static int load_with(uint64_t keep) {
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		int n = 0;
		if (!xdp_test_keep_rights(keep))
			_exit(255);
		for (size_t i = 0; i < COUNT(expressions); i++) {
			struct err err = {0};
			struct filter *f = make(expressions[i]);
			int fd = load(f, &err);
			if (fd < 0 && keep != 0)
				dprintf(1, "# %s: %s\n", expressions[i], err.text);
			n += fd >= 0;
			close(fd);
			filter_free(f);
		}
		_exit(n);
	}
	int status;
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)
	    || WEXITSTATUS(status) == 255)
		return -1;
	return WEXITSTATUS(status);
}

static void test_capabilities(void) {
	int with = load_with(XDP_TEST_RIGHTS);
	tap_ok(with == (int)COUNT(expressions),
	       "CAP_BPF and CAP_NET_ADMIN are enough: %d of %zu load", with, COUNT(expressions));
	int without = load_with(0);
	tap_ok(without == 0, "without them none loads: %d", without);
}

// ---- nanoseconds ----

static void bench(const char *what, int fd, const uint8_t *frame, uint32_t len) {
	uint32_t ns, best = UINT32_MAX;
	for (int i = 0; i < 7; i++)
		if (filter_rig_run(fd, frame, len, 0, BENCH_REPEAT, &ns) != FILTER_FAULT
		    && ns < best)
			best = ns;
	printf("%-64s %u ns\n", what, best);
}

static void
bench_filter(const char *what, const char *expression, const uint8_t *frame, uint32_t len) {
	struct filter *f = make(expression);
	struct err err = {0};
	int fd = load(f, &err);
	bench(what, fd, frame, len);
	close(fd);
	filter_free(f);
}

static void print_bench(void) {
	static const char *const each[] = {
		"",
		"ip",
		"tcp port 80",
		"udp port 53",
		"host 10.0.0.1 and tcp port 80",
		"tcp[tcpflags] & tcp-syn != 0",
		"len > 100",
		"net 172.16.0.0/12 or net 192.168.0.0/16 or ip6 net fe80::/10",
	};
	filter_frames_init(&frames);
	const struct filter_frame *tcp = NULL;
	struct filter *f = make("src host 10.0.0.1 and tcp dst port 80 and not vlan");
	for (uint32_t i = 0; i < frames.n && tcp == NULL; i++)
		if (wanted(f, &frames.frame[i]))
			tcp = &frames.frame[i];
	filter_free(f);
	bench("no filter", rig.target[0], tcp->data, tcp->len);
	for (size_t i = 0; i < COUNT(each); i++)
		bench_filter(each[i][0] ? each[i] : "all", each[i], tcp->data, tcp->len);
	char *text = list_of_hosts(100);
	bench_filter("a list of 100 hosts", text, tcp->data, tcp->len);
	free(text);
	filter_frames_fini(&frames);
}

int main(int argc, char **argv) {
	if (!xdp_test_ready())
		return 0;
	filter_rig_init(&rig);
	if (getopt(argc, argv, "b") == 'b') {
		print_bench();
		filter_rig_fini(&rig);
		return 0;
	}
	filter_frames_init(&frames);
	if (frames.n_long > 0)
		printf("# %u frames are longer than the kernel runs\n", frames.n_long);
	if (frames.n == frames.n_own)
		tap_skip("../shared/data/pcaps is not there", "captures beside the project");
	splits = filter_rig_splits(rig.target[0]);
	test_expressions();
	test_buffers();
	test_lists();
	test_refusals();
	test_lost();
	test_capabilities();
	filter_frames_fini(&frames);
	filter_rig_fini(&rig);
	return tap_end();
}
