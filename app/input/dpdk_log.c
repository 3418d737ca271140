// A stdio stream whose writes end up here, one message at a time on the thread that logs. stdio's own
// lock on that stream guards what is kept.

#include "dpdk_log.h"

#include "base/log.h"

#include <rte_log.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct dpdk_log {
	FILE *stream;
	bool verbose;
	bool keeping;
	int hidden; // memory file that stands for stdout and stderr; -1: they are not hidden
	int saved_out, saved_err;
	char line[512]; // the message so far
	size_t line_len;
	char reason[512];
	unsigned n_reasons;
};

// Kept errors: the cause comes first, what follows from it after it.
#define MAX_REASONS 2

static void keep(struct dpdk_log *log, const char *text) {
	// said after the cause, by whoever called whoever failed
	if (strstr(text, "on primary process") != NULL || log->n_reasons++ >= MAX_REASONS)
		return;
	size_t n = strlen(log->reason);
	snprintf(log->reason + n, sizeof(log->reason) - n, "%s%s", n > 0 ? "; " : "", text);
}

static void message(struct dpdk_log *log) {
	log->line[log->line_len] = '\0';
	log->line_len = 0;
	const char *text = log->line + strspn(log->line, " \t");
	if (*text == '\0')
		return;
	int level = rte_log_cur_msg_loglevel();
	// The program is about to end: say it where it is seen, whatever is hidden.
	if (level >= 0 && level <= (int)RTE_LOG_CRIT && log->hidden >= 0)
		dprintf(log->saved_err, "sluice: error: DPDK: %s\n", text);
	if (log->keeping && level <= (int)RTE_LOG_ERR)
		keep(log, text);
	if (log->keeping && !log->verbose)
		log_debug("DPDK: %s", text);
	else if (level <= (int)RTE_LOG_WARNING)
		log_warn("DPDK: %s", text);
	else if (log->verbose)
		log_info("DPDK: %s", text);
	else
		log_debug("DPDK: %s", text);
}

static ssize_t on_write(void *cookie, const char *buf, size_t size) {
	struct dpdk_log *log = cookie;
	for (size_t i = 0; i < size; i++) {
		if (buf[i] == '\n')
			message(log);
		else if (log->line_len < sizeof(log->line) - 1)
			log->line[log->line_len++] = buf[i];
	}
	return (ssize_t)size;
}

struct dpdk_log *dpdk_log_new(bool verbose) {
	struct dpdk_log *log = calloc(1, sizeof(*log));
	if (log == NULL)
		return NULL;
	log->verbose = verbose;
	log->hidden = -1;
	log->stream = fopencookie(log, "w", (cookie_io_functions_t){.write = on_write});
	if (log->stream == NULL) {
		free(log);
		return NULL;
	}
	rte_openlog_stream(log->stream);
	return log;
}

void dpdk_log_free(struct dpdk_log *log) {
	if (log == NULL)
		return;
	dpdk_log_show_stdio(log);
	rte_openlog_stream(NULL);
	fclose(log->stream);
	free(log);
}

void dpdk_log_keep(struct dpdk_log *log) {
	flockfile(log->stream);
	log->keeping = true;
	log->n_reasons = 0;
	log->reason[0] = '\0';
	funlockfile(log->stream);
}

void dpdk_log_pass(struct dpdk_log *log) {
	flockfile(log->stream);
	log->keeping = false;
	funlockfile(log->stream);
}

void dpdk_log_reason(struct dpdk_log *log, char *to, size_t len) {
	flockfile(log->stream);
	snprintf(to, len, "%s", log->reason);
	funlockfile(log->stream);
}

void dpdk_log_hide_stdio(struct dpdk_log *log) {
	int fd = memfd_create("eal-output", MFD_CLOEXEC);
	if (fd < 0)
		return; // then they are seen
	fflush(stdout);
	fflush(stderr);
	log->saved_out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	log->saved_err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (log->saved_out < 0 || log->saved_err < 0) {
		// One of them is closed: nothing to hide.
		if (log->saved_out >= 0)
			close(log->saved_out);
		if (log->saved_err >= 0)
			close(log->saved_err);
		close(fd);
		return;
	}
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	log->hidden = fd;
}

// Of what was hidden, our own log lines are said now (all of it when messages are asked for), and the
// first other line is where a failure began: getopt's complaint or EAL's FATAL.
static void tell_hidden(struct dpdk_log *log) {
	FILE *f = fdopen(log->hidden, "r");
	if (f == NULL) {
		close(log->hidden);
		return;
	}
	rewind(f);
	char line[2048];
	bool kept = false;
	while (fgets(line, sizeof(line), f) != NULL) {
		bool ours = strstr(line, "sluice: ") != NULL;
		if (ours || log->verbose)
			fputs(line, stderr);
		line[strcspn(line, "\n")] = '\0';
		const char *name = DPDK_LOG_PROGRAM ": ";
		bool named = strncmp(line, name, strlen(name)) == 0;
		if (ours || kept || line[0] == '\0' || (!named && log->n_reasons > 0))
			continue;
		// getopt knows best what it was
		log->n_reasons = 0;
		log->reason[0] = '\0';
		keep(log, named ? line + strlen(name) : line);
		kept = true;
	}
	fclose(f);
}

void dpdk_log_show_stdio(struct dpdk_log *log) {
	if (log->hidden < 0)
		return;
	fflush(stdout);
	fflush(stderr);
	dup2(log->saved_out, STDOUT_FILENO);
	dup2(log->saved_err, STDERR_FILENO);
	close(log->saved_out);
	close(log->saved_err);
	flockfile(log->stream);
	tell_hidden(log);
	funlockfile(log->stream);
	log->hidden = -1;
}
