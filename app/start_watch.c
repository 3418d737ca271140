// One poll over the signals, the control socket, the time that is left and the word that it is over.

#include "start_watch.h"

#include "app/commands.h"
#include "app/control.h"
#include "app/ledger.h"
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int start_watch_signals(void) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

// With a state the ledger is that of the checkpoint, which is not told anew.
static void leave(struct start_watch *w, const char *why) {
	int status = EXIT_OK;
	log_set_progress(w->terminal); // what compiles may have left a line there
	log_info("%s ahead of the first packet: ending, nothing was taken", why);
	if (w->summary != NULL) {
		if (w->conf->state.path[0] == '\0')
			ledger_print_none(w->conf, w->summary);
		if (ferror(w->summary) || fflush(w->summary) != 0) {
			log_error("--summary: %s", strerror(errno));
			status = EXIT_FAULT;
		}
	}
	control_close(w->control, true, "stopped\n");
	_exit(status);
}

static void take(struct start_watch *w) {
	struct signalfd_siginfo info;
	if (read(w->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGINT)
		leave(w, "SIGINT");
	else if (info.ssi_signo == SIGTERM)
		leave(w, "SIGTERM");
	else if (w->terminal && !isatty(STDERR_FILENO))
		leave(w, "the terminal went away");
	else
		atomic_store(&w->hangup, true);
}

// At least so often clients that take too long are looked for.
#define LOOK_MS 1000

static int64_t now_us(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

// Milliseconds to wait.
static int left(int64_t due_us) {
	int64_t ms = due_us > 0 ? (due_us - now_us() + 999) / 1000 : -1;
	return ms > INT_MAX ? INT_MAX : due_us > 0 && ms < 0 ? 0 : (int)ms;
}

static void *watch(void *arg) {
	struct start_watch *w = arg;
	struct pollfd fds[] = {
		{.fd = w->signals, .events = POLLIN},
		{.fd = w->wake, .events = POLLIN},
		{.fd = w->control != NULL ? control_fd(w->control) : -1, .events = POLLIN},
	};
	while (!atomic_load(&w->over)) {
		int64_t due_us = atomic_load(&w->due_us);
		eventfd_t n;
		int ms = left(due_us);
		poll(fds, 3, w->control == NULL || (ms >= 0 && ms < LOOK_MS) ? ms : LOOK_MS);
		// What comes when it is over is for whoever goes on.
		if (fds[1].revents == 0 && w->control != NULL
		    && control_step(w->control, NULL, NULL))
			leave(w, "asked to stop");
		if (fds[1].revents != 0)
			eventfd_read(w->wake, &n);
		else if (fds[0].revents != 0)
			take(w);
		else if (due_us > 0 && now_us() >= due_us)
			leave(w, "--duration");
	}
	return NULL;
}

// Whether opening a capture may wait for somebody else. Files take their time, and no more.
static bool may_wait(const struct conf_list *devices) {
	for (uint32_t i = 0; i < devices->n; i++) {
		struct stat st;
		bool in = strcmp(devices->item[i], "-") == 0;
		int ret = in ? fstat(STDIN_FILENO, &st) : stat(devices->item[i], &st);
		if (ret == 0 && !S_ISREG(st.st_mode))
			return true;
	}
	return false;
}

void start_watch_input(struct start_watch *w) {
	if (!w->begun || w->duration_us == 0 || !may_wait(&w->conf->input.device))
		return;
	int64_t now = now_us();
	bool ever = w->duration_us > INT64_MAX - now;
	atomic_store(&w->due_us, ever ? 0 : now + w->duration_us);
	eventfd_write(w->wake, 1);
}

int start_watch_begin(struct start_watch *w, struct err *err) {
	w->terminal = isatty(STDERR_FILENO);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int ret = w->wake < 0 ? errno : pthread_create(&w->thread, NULL, watch, w);
	w->begun = ret == 0;
	if (ret == 0)
		return 0;
	if (w->wake >= 0)
		close(w->wake);
	return err_set(err, -ret, "a thread for signals: %s", strerror(ret));
}

void start_watch_end(struct start_watch *w) {
	if (!w->begun)
		return;
	atomic_store(&w->over, true);
	eventfd_write(w->wake, 1);
	pthread_join(w->thread, NULL);
	close(w->wake);
	w->begun = false;
	// The rules may have been read by then.
	if (atomic_load(&w->hangup))
		kill(getpid(), SIGHUP);
}
