// One poll over the signals and over the word that it is over.

#include "start_watch.h"

#include "app/commands.h"
#include "app/control.h"
#include "app/ledger.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
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

static void *watch(void *arg) {
	struct start_watch *w = arg;
	struct pollfd fds[] = {
		{.fd = w->signals, .events = POLLIN},
		{.fd = w->over, .events = POLLIN},
	};
	for (;;) {
		poll(fds, 2, -1);
		if (fds[1].revents != 0)
			return NULL;
		if (fds[0].revents != 0)
			take(w);
	}
}

int start_watch_begin(struct start_watch *w, struct err *err) {
	w->terminal = isatty(STDERR_FILENO);
	w->over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int ret = w->over < 0 ? errno : pthread_create(&w->thread, NULL, watch, w);
	w->begun = ret == 0;
	if (ret == 0)
		return 0;
	if (w->over >= 0)
		close(w->over);
	return err_set(err, -ret, "a thread for signals: %s", strerror(ret));
}

void start_watch_end(struct start_watch *w) {
	if (!w->begun)
		return;
	eventfd_write(w->over, 1);
	pthread_join(w->thread, NULL);
	close(w->over);
	w->begun = false;
	// The rules may have been read by then.
	if (atomic_load(&w->hangup))
		kill(getpid(), SIGHUP);
}
