// Puts EAL's command line together out of what is configured and what this machine has, and leaves
// the process as it was found: affinity, stdout, and no files behind.

#include "dpdk_eal.h"

#include "dpdk_log.h"
#include "machine.h"

#include "base/log.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_version.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ARGS 1024

struct dpdk_eal {
	struct dpdk_log *log;
	char *argv[MAX_ARGS]; // owned; EAL keeps pointers into it
	char *order[MAX_ARGS]; // the same for EAL, which sorts its arguments
	int argc;
	bool started;
	bool own_prefix; // the runtime folder is ours alone
	char folder[PATH_MAX];
};

// ---- arguments ----

static void add(struct dpdk_eal *eal, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct dpdk_eal *eal, const char *fmt, ...) {
	if (eal->argc == MAX_ARGS - 1)
		return; // more than 255 devices and a screen full of arguments: EAL will miss it
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&eal->argv[eal->argc], fmt, ap) >= 0)
		eal->argc++;
	va_end(ap);
}

// Whether the configuration's own arguments have one of these names ("-m", "--socket-mem"), also with
// a value behind it.
static bool given(const struct conf_list *args, const char *const *names, size_t n_names) {
	for (uint32_t i = 0; i < args->n; i++) {
		for (size_t k = 0; k < n_names; k++) {
			size_t len = strlen(names[k]);
			const char *arg = args->item[i];
			if (strncmp(arg, names[k], len) != 0)
				continue;
			bool is_long = names[k][1] == '-';
			if (arg[len] == '\0' || !is_long || arg[len] == '=')
				return true;
		}
	}
	return false;
}
#define GIVEN(args, ...)                                \
	given(args, (const char *const[]){__VA_ARGS__}, \
	      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

// One lcore that may run wherever this thread may: EAL then leaves its affinity as it is.
static void add_lcores(struct dpdk_eal *eal, const cpu_set_t *cpus) {
	char list[CPU_SETSIZE * 5];
	size_t n = 0;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, cpus))
			continue;
		int last = cpu;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
			last++;
		n += (size_t)snprintf(
			list + n, sizeof(list) - n, last > cpu ? "%s%d-%d" : "%s%d",
			n > 0 ? "," : "", cpu, last
		);
		cpu = last;
	}
	add(eal, "--lcores=0@(%s)", list);
}

static int
need_huge_pages(const char *device, uint64_t octets, uint64_t free_octets, struct err *err) {
	char cure[512];
	dpdk_eal_memory_cure(octets, cure, sizeof(cure));
	return err_set(
		err, -ENOMEM,
		"%s: a PCI device needs %llu MiB of huge pages for dpdk.mbufs, and %llu MiB are free "
		"(cure: %s)",
		device, (unsigned long long)(octets >> 20), (unsigned long long)(free_octets >> 20),
		cure
	);
}

// Where the mbufs live: in huge pages where there are enough, else (virtual devices only) in ordinary
// ones. EAL refuses --in-memory together with --no-huge; without --in-memory it wants a hugetlbfs.
static int add_memory(
	struct dpdk_eal *eal, const struct conf *conf, const char *pci, uint64_t octets,
	struct err *err
) {
	const struct conf_list *args = &conf->dpdk.args;
	bool shared = GIVEN(args, "--file-prefix", "--proc-type", "--no-shconf");
	bool said = GIVEN(args, "--in-memory", "--huge-dir", "--huge-unlink", "--legacy-mem");
	bool no_huge = GIVEN(args, "--no-huge");
	uint64_t free_octets = machine_huge_free(shared);
	if (!no_huge && !conf->dpdk.hugepages) {
		add(eal, "--no-huge");
		no_huge = true;
	} else if (!no_huge && !said && free_octets < octets) {
		if (pci != NULL)
			return need_huge_pages(pci, octets, free_octets, err);
		log_info(
			"DPDK: %llu MiB of huge pages are free%s, %llu MiB are needed: going on "
			"without",
			(unsigned long long)(free_octets >> 20), shared ? " on a hugetlbfs" : "",
			(unsigned long long)(octets >> 20)
		);
		add(eal, "--no-huge");
		no_huge = true;
	}
	if (!no_huge && !said && !shared)
		add(eal, "--in-memory"); // nothing to clean up, whatever becomes of us
	if (no_huge && !shared)
		add(eal, "--no-shconf");
	if (no_huge && !GIVEN(args, "-m", "--socket-mem"))
		add(eal, "-m%llu", (unsigned long long)(octets >> 20) + 1);
	return 0;
}

static int add_arguments(
	struct dpdk_eal *eal, const struct conf *conf, const struct dpdk_device *dev,
	uint32_t n_dev, uint64_t octets, struct err *err
) {
	const struct conf_list *args = &conf->dpdk.args;
	const char *pci = NULL;
	add(eal, DPDK_LOG_PROGRAM);
	cpu_set_t cpus;
	if (!GIVEN(args, "-l", "-c", "--lcores") && sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		add_lcores(eal, &cpus);
	for (uint32_t i = 0; i < n_dev; i++) {
		if (!dev[i].pci)
			continue;
		pci = dev[i].name;
		add(eal, "-a");
		add(eal, "%s", dev[i].spec);
	}
	if (pci == NULL && !GIVEN(args, "-a", "--allow", "-b", "--block", "--no-pci"))
		add(eal, "--no-pci");
	if (!GIVEN(args, "--telemetry", "--no-telemetry"))
		add(eal, "--no-telemetry");
	eal->own_prefix = !GIVEN(args, "--file-prefix");
	if (eal->own_prefix)
		add(eal, "--file-prefix=sluice-%d", (int)getpid());
	int rc = add_memory(eal, conf, pci, octets, err);
	for (uint32_t i = 0; i < args->n && rc == 0; i++) {
		if (strcmp(args->item[i], "-h") == 0 || strcmp(args->item[i], "--help") == 0)
			return err_set(
				err, -EINVAL,
				"dpdk.args: %s: would end the program (arguments for EAL "
				"that change how it runs)",
				args->item[i]
			);
		add(eal, "%s", args->item[i]);
	}
	return rc;
}

// ---- start and stop ----

static const char *start_cure(int code) {
	switch (code) {
	case EINVAL:
		return "look at dpdk.args";
	case ENOMEM:
		return "fewer dpdk.mbufs, or more memory";
	case EACCES:
	case EPERM:
		return "run as root; reserve huge pages; with dpdk.args of your own about memory also "
		       "mount -t hugetlbfs none /dev/hugepages; or dpdk.hugepages = off for virtual "
		       "devices";
	case EALREADY:
		return "DPDK starts only once in a process";
	default:
		return "";
	}
}

struct dpdk_eal *dpdk_eal_start(
	const struct conf *conf, const struct dpdk_device *dev, uint32_t n_dev, uint64_t octets,
	struct err *err
) {
	struct dpdk_eal *eal = calloc(1, sizeof(*eal));
	if (eal == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	cpu_set_t cpus;
	bool known = sched_getaffinity(0, sizeof(cpus), &cpus) == 0;
	eal->log = dpdk_log_new(GIVEN(&conf->dpdk.args, "--log-level"));
	if (eal->log == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		goto fail;
	}
	if (add_arguments(eal, conf, dev, n_dev, octets, err) < 0)
		goto fail;
	for (int i = 0; i < eal->argc; i++)
		log_debug("DPDK: argument %s", eal->argv[i]);
	memcpy(eal->order, eal->argv, sizeof(eal->order));

	dpdk_log_keep(eal->log);
	dpdk_log_hide_stdio(eal->log);
	int rc = rte_eal_init(eal->argc, eal->order);
	int code = rte_errno;
	dpdk_log_show_stdio(eal->log);
	if (known)
		sched_setaffinity(0, sizeof(cpus), &cpus);
	snprintf(eal->folder, sizeof(eal->folder), "%s", rte_eal_get_runtime_dir());
	if (rc < 0) {
		code = code > 0 ? code : EIO;
		dpdk_eal_fail(eal, -code, err, start_cure(code), "DPDK could not be started");
		goto fail;
	}
	eal->started = true;
	return eal;
fail:
	dpdk_eal_stop(eal);
	return NULL;
}

// EAL makes a folder for the prefix in every mode and leaves it, with its files if there are any.
static void remove_folder(const char *folder) {
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return;
	struct dirent *d;
	while ((d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			unlinkat(dirfd(dir), d->d_name, 0);
	closedir(dir);
	rmdir(folder);
}

void dpdk_eal_stop(struct dpdk_eal *eal) {
	if (eal == NULL)
		return;
	if (eal->started)
		rte_eal_cleanup();
	if (eal->own_prefix && strstr(eal->folder, "/sluice-") != NULL)
		remove_folder(eal->folder);
	dpdk_log_free(eal->log);
	for (int i = 0; i < eal->argc; i++)
		free(eal->argv[i]);
	free(eal);
}

// ---- errors ----

void dpdk_eal_opening(struct dpdk_eal *eal) {
	dpdk_log_keep(eal->log);
}

void dpdk_eal_settled(struct dpdk_eal *eal) {
	dpdk_log_pass(eal->log);
}

int dpdk_eal_fail(
	const struct dpdk_eal *eal, int code, struct err *err, const char *cure, const char *fmt,
	...
) {
	char what[256], why[512] = "";
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	dpdk_log_reason(eal->log, why, sizeof(why));
	if (why[0] == '\0')
		snprintf(why, sizeof(why), "%s", rte_strerror(-code));
	bool known = cure[0] != '\0';
	return err_set(
		err, code, "%s: %s%s%s%s", what, why, known ? " (cure: " : "", cure,
		known ? ")" : ""
	);
}

void dpdk_eal_memory_cure(uint64_t octets, char *to, size_t len) {
	struct machine_pages pages[MACHINE_PAGE_SIZES];
	uint32_t n = machine_huge_pages(pages);
	uint64_t size = n > 0 ? pages[0].size : 2 << 20;
	uint64_t total = n > 0 ? pages[0].total - pages[0].free : 0;
	snprintf(
		to, len,
		"echo %llu > /sys/kernel/mm/hugepages/hugepages-%llukB/nr_hugepages, or fewer dpdk.mbufs",
		(unsigned long long)(total + (octets + size - 1) / size),
		(unsigned long long)(size >> 10)
	);
}

const char *dpdk_eal_version(void) {
	return rte_version();
}
