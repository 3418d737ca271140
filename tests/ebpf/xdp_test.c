// Asks the machine. libbpf is silenced because programs are refused on purpose, which it would tell at
// length.

#include "xdp_test.h"

#include "tap.h"

#include <bpf/libbpf.h>

#include <linux/capability.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap) {
	return 0;
}

bool xdp_test_ready(void) {
	libbpf_set_print(silent);
	if (geteuid() == 0)
		return true;
	tap_skip_all("needs root");
	return false;
}

bool xdp_test_keep_rights(uint64_t capabilities) {
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].effective = data[i].permitted = (uint32_t)(capabilities >> (32 * i));
	return syscall(SYS_capset, &head, data) == 0;
}

bool xdp_test_pin(int cpu) {
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

bool xdp_test_two_processors(void) {
	return sysconf(_SC_NPROCESSORS_ONLN) >= 2 && xdp_test_pin(1) && xdp_test_pin(0);
}
