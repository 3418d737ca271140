// The child inherits everything and touches nothing of it: it compiles and ends. A timer of processor
// time ends it sooner where need be, and its address space is kept small.

#include "detect_probe.h"

#include <ctype.h>
#include <errno.h>
#include <hs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHEAP 4096u // octets times repeats

enum outcome {
	COMPILES = 40, // exit statuses that nothing else ends with
	REFUSED,
	NO_MEMORY,
};

bool detect_probe_is_wanted(const char *regex) {
	uint64_t size = strlen(regex);
	for (const char *p = regex; *p != '\0' && size <= CHEAP; p++) {
		uint64_t most = 0, n = 0;
		if (*p != '{')
			continue;
		for (p++; isdigit((unsigned char)*p) || *p == ','; p++) {
			n = *p == ',' ? 0 : n * 10 + (uint64_t)(*p - '0');
			if (n > UINT32_MAX)
				return true;
			most = n > most ? n : most;
		}
		size *= most + 1;
		p--;
	}
	return size > CHEAP || strlen(regex) > CHEAP / 16;
}

// The kernel counts what is mapped, not what is used, and some of that is there before we begin.
static void limit_memory(uint64_t octets) {
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	bool known = f != NULL && fscanf(f, "%lu", &pages) == 1;
	if (f != NULL)
		fclose(f);
	rlim_t all = pages * (rlim_t)sysconf(_SC_PAGESIZE) + octets;
	struct rlimit limit = {.rlim_cur = all, .rlim_max = all};
	if (known)
		setrlimit(RLIMIT_AS, &limit);
}

static void limit_time(uint32_t ms) {
	struct itimerval t = {.it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
	signal(SIGPROF, SIG_DFL);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGPROF);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	setitimer(ITIMER_PROF, &t, NULL);
	// Beyond the timer, should it fail: hard, and counted in seconds.
	struct rlimit cpu = {.rlim_cur = ms / 1000 + 2, .rlim_max = ms / 1000 + 2};
	struct rlimit core = {};
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &core);
}

static enum outcome compile(const char *regex, unsigned flags, unsigned mode) {
	hs_database_t *db = NULL;
	hs_compile_error_t *error = NULL;
	hs_error_t rc = hs_compile(regex, flags, mode, NULL, &db, &error);
	if (rc == HS_SUCCESS)
		return COMPILES;
	if (rc == HS_COMPILER_ERROR && error != NULL
	    && strstr(error->message, "allocate memory") == NULL)
		return REFUSED;
	return NO_MEMORY;
}

static uint32_t used_ms(const struct rusage *u) {
	return (uint32_t
	)((u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000
	  + (u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1000);
}

int detect_probe_run(struct detect_probe *p, const char *regex, unsigned flags, struct err *err) {
	int status;
	struct rusage usage;
	pid_t parent = getpid(), got;
	unsigned mode = p->stream ? HS_MODE_STREAM : HS_MODE_BLOCK;
	uint32_t ms = p->limit_ms != 0 ? p->limit_ms : DETECT_PROBE_MS;
	uint64_t octets = p->limit_octets != 0 ? p->limit_octets : DETECT_PROBE_MEMORY;
	if (p->spent_ms >= DETECT_PROBE_MS_ALL)
		return err_set(
			err, -E2BIG,
			"expressions that are dear to compile took %u s of processor time in all,"
			" and this is one more",
			DETECT_PROBE_MS_ALL / 1000
		);
	pid_t pid = fork();
	if (pid < 0)
		return err_set(err, -errno, "no process to compile in: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		limit_memory(octets);
		limit_time(ms);
		_exit(getppid() == parent ? (int)compile(regex, flags, mode) : NO_MEMORY);
	}
	do
		got = wait4(pid, &status, 0, &usage);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(
			err, -errno, "the process to compile in is lost: %s", strerror(errno)
		);
	p->spent_ms += used_ms(&usage) + 1; // not even those that cost nothing are without end
	p->tried++;
	if (WIFEXITED(status) && WEXITSTATUS(status) == COMPILES)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED)
		return 1;
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGPROF || WTERMSIG(status) == SIGXCPU))
		return err_set(
			err, -E2BIG, "takes more than %u ms of processor time to compile", ms
		);
	return err_set(
		err, -E2BIG, "takes more than %lu MiB of memory to compile",
		(unsigned long)(octets >> 20)
	);
}
