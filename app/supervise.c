// One poll over everything that may ask for something.

#include "supervise.h"

#include "app/commands.h"
#include "app/control.h"
#include "app/ledger.h"
#include "app/match_watch.h"
#include "app/progress.h"
#include "app/reload.h"
#include "app/run.h"
#include "app/state.h"
#include "base/log.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

// At least so often: a thread that met a fault must stop the others.
#define LOOK_US 100000
// While workers have yet to take a rule set.
#define SOON_US 1000

struct state {
	const struct supervision *s;
	bool stopping;
	bool terminal; // somebody watches: standard error was a terminal at the start
	struct match_watch watch;
};

static int64_t now_us(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void end(struct state *st, const char *why) {
	if (st->stopping) {
		log_error("second signal: leaving without finishing");
		_exit(EXIT_FAULT);
	}
	log_info("%s: finishing", why);
	st->stopping = true;
	run_stop(st->s->run);
}

static void take_signal(struct state *st) {
	struct signalfd_siginfo info;
	if (read(st->s->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGINT) {
		end(st, "SIGINT");
	} else if (info.ssi_signo == SIGTERM) {
		end(st, "SIGTERM");
	} else if (st->terminal && !isatty(STDERR_FILENO)) {
		// Not a request to reload: the terminal hung up on who was watching.
		if (!st->stopping)
			end(st, "the terminal is gone");
	} else {
		log_info("SIGHUP: reloading the rules");
		reload_ask(st->s->reload);
	}
}

static void watch_matching(struct state *st, bool ended) {
	struct ledger ledger;
	char line[512];
	if (st->s->run->rules_version == 0)
		return;
	ledger_read(st->s->run, &ledger);
	while (match_watch_next(&st->watch, &ledger.match, now_us(), ended, line, sizeof(line)))
		log_warn("match: %s", line);
}

void supervise(const struct supervision *s) {
	struct state st = {.s = s, .terminal = isatty(STDERR_FILENO)};
	struct progress progress;
	progress_init(&progress, s->run);
	int64_t start = now_us(), tick = start + 1000000;
	int64_t deadline = s->duration_us > 0 ? start + s->duration_us : INT64_MAX;
	bool soon = false;
	struct pollfd fds[] = {
		{.fd = s->run->done_fd, .events = POLLIN},
		{.fd = s->signals, .events = POLLIN},
		{.fd = reload_fd(s->reload), .events = POLLIN},
		{.fd = s->control != NULL ? control_fd(s->control) : -1, .events = POLLIN},
		{.fd = state_fd(s->run->state), .events = POLLIN},
	};
	// Clients may have asked ahead of the run.
	if (s->control != NULL)
		control_step(s->control, s->run, s->reload);
	for (;;) {
		int64_t now = now_us(), until = tick < deadline ? tick : deadline;
		int64_t longest = soon ? SOON_US : LOOK_US, wait = until - now;
		wait = wait < 0 ? 0 : wait > longest ? longest : wait;
		poll(fds, sizeof(fds) / sizeof(fds[0]), (int)((wait + 999) / 1000));
		if (fds[0].revents != 0)
			break;
		if (fds[1].revents != 0)
			take_signal(&st);
		live_clock_tend(&s->run->clock);
		soon = reload_step(s->reload);
		if (s->control != NULL)
			control_step(s->control, s->run, s->reload);
		now = now_us();
		if (now >= deadline) {
			deadline = INT64_MAX;
			run_stop(s->run);
		}
		if (atomic_load(&s->run->failed) > 0)
			run_stop_now(s->run);
		state_step(s->run);
		if (now >= tick) {
			watch_matching(&st, false);
			progress_show(&progress, s->run);
			tick += 1000000;
		}
	}
	progress_clear(&progress);
	watch_matching(&st, true);
}
