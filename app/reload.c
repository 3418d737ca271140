// The steps of a reload: a job compiles, every worker is offered the set, the first that takes it makes
// it the set in force, and when none uses the one before that is retired.

#include "reload.h"

#include "app/reload_job.h"
#include "app/rule_retired.h"
#include "app/run.h"
#include "app/threads.h"
#include "base/log.h"
#include "base/units.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

// A worker may wait for packets, or for its records to be taken: nobody waits for it any longer.
#define PATIENCE_US 3000000
// What a compilation may take longer than everything else.
#define LEAVE_MS 500

struct reload {
	struct run *run;
	int fd;
	struct reload_job *job; // NULL: nothing is under way
	bool again; // asked for while it was
	uint64_t begun; // reloads started
	// While workers are offered a set:
	bool offering;
	bool pending[CONF_MAX_WORKERS];
	uint32_t n_pending;
	uint32_t n_adopted;
	int64_t offered_us;
	int64_t crowded_us; // since when a compiled set has waited to be offered; 0: it has not
	// Earlier sets that streams of some workers still need.
	struct {
		struct match_engine *engine;
		uint32_t users; // workers
	} used[MATCH_SETS_MAX];
	uint32_t n_used;
	struct rule_retired retired;
	struct reload_outcome outcome;
	char *text; // owned; the outcome's
};

static int64_t now_us(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct reload *reload_new(struct run *run) {
	struct reload *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->run = run;
	r->outcome.text = "";
	r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->fd >= 0)
		return r;
	free(r);
	return NULL;
}

int reload_fd(const struct reload *r) {
	return r->fd;
}

struct reload_outcome reload_outcome(const struct reload *r) {
	return r->outcome;
}

// The first line goes to the log too, the report of the job below it to who asked.
static void tell(struct reload *r, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void tell(struct reload *r, bool ok, const char *fmt, ...) {
	char *line = NULL, *all = NULL;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n < 0)
		line = NULL;
	const char *report = r->job != NULL && r->job->report != NULL ? r->job->report : "";
	if (line != NULL && asprintf(&all, "%s\n%s", line, report) < 0)
		all = NULL;
	if (line != NULL)
		log_msg(ok ? LOG_INFO : LOG_WARN, "%s", line);
	free(r->text);
	r->text = all;
	r->outcome = (struct reload_outcome){
		.number = r->begun,
		.ok = ok,
		.text = all != NULL ? all : "out of memory\n",
	};
	free(line);
}

static void keep_old(struct reload *r, const char *why) {
	struct run *run = r->run;
	run->reloads_failed++;
	tell(r, false, "the rules stay as they are (version %u, %u rule%s): %s", run->rules_version,
	     run->n_rules, units_plural(run->n_rules), why);
}

static void begin(struct reload *r) {
	const struct run *run = r->run;
	struct err err = {};
	cpu_set_t cpus;
	r->begun++;
	if (run->collector != NULL)
		keep_old(r, "there are none with input.xdp_mode = kernel");
	else if (run->conf->match.rules.n == 0)
		keep_old(
			r, "match.rules names no file, and what it names is read at the start alone"
		);
	else {
		threads_free_cpus(run, &cpus);
		r->job = reload_job_start(
			run->conf, run->engine, run->n_workers, &cpus, r->fd, &err
		);
		if (r->job == NULL)
			keep_old(r, err.text);
	}
}

uint64_t reload_ask(struct reload *r) {
	if (r->job != NULL) {
		r->again = true;
		return r->begun + 1;
	}
	begin(r);
	return r->begun;
}

static void end_job(struct reload *r) {
	reload_job_free(r->job);
	r->job = NULL;
	r->offering = false;
	r->crowded_us = 0;
	if (r->again) {
		r->again = false;
		begin(r);
	}
}

static void offer(struct reload *r) {
	struct run *run = r->run;
	r->offering = true;
	r->n_pending = run->n_workers;
	r->n_adopted = 0;
	r->offered_us = now_us();
	r->crowded_us = 0;
	for (uint32_t i = 0; i < run->n_workers; i++) {
		struct reload_job *job = r->job;
		const struct match_set set = {job->engine, job->work[i], job->map, job->same};
		worker_offer(&run->workers[i], set);
		job->work[i] = NULL;
		r->pending[i] = true;
	}
}

// From now on this is the rule set of the run.
static void in_force(struct reload *r) {
	struct run *run = r->run;
	run->n_rules = match_engine_rules(r->job->engine);
	run->rules_version++;
	run->reloads++;
}

static void look_for_takers(struct reload *r) {
	for (uint32_t i = 0; i < r->run->n_workers; i++) {
		struct match_set back;
		bool adopted;
		if (!r->pending[i] || !worker_offer_done(&r->run->workers[i], &adopted, &back))
			continue;
		match_set_fini(&back);
		r->pending[i] = false;
		r->n_pending--;
		if (adopted && r->n_adopted++ == 0)
			in_force(r);
	}
}

// What was in force is still needed by those workers that have taken the next set, until they say that
// none of their streams has a part of it.
static void replace(struct reload *r) {
	struct run *run = r->run;
	assert(r->n_used < MATCH_SETS_MAX);
	r->used[r->n_used].engine = run->engine;
	r->used[r->n_used++].users = r->n_adopted;
	run->engine = r->job->engine;
	r->job->engine = NULL;
}

static void one_user_less(struct reload *r, const struct match_engine *engine) {
	for (uint32_t i = 0; i < r->n_used; i++) {
		if (r->used[i].engine != engine || --r->used[i].users > 0)
			continue;
		rule_retired_add(&r->retired, r->run->exporter, r->used[i].engine);
		r->used[i] = r->used[--r->n_used];
		return;
	}
}

// Not while a set is on its way: what a worker gives back first may be the one still in force here.
static void take_back(struct reload *r) {
	for (uint32_t i = 0; i < r->run->n_workers && !r->offering; i++) {
		struct match_set set;
		while (!rule_retired_full(&r->retired)
		       && worker_give_back(&r->run->workers[i], &set)) {
			one_user_less(r, set.engine);
			match_set_fini(&set);
		}
	}
}

static void say_adopted(struct reload *r) {
	const struct run *run = r->run;
	const struct reload_job *job = r->job;
	char waiting[128] = "";
	if (r->n_pending > 0)
		snprintf(
			waiting, sizeof(waiting),
			"; %u of %u workers take them when they go on, ahead of the next packet",
			r->n_pending, run->n_workers
		);
	tell(r, true, "rules version %u: %u rule%s%s, %s in %.3f s%s", run->rules_version,
	     run->n_rules, units_plural(run->n_rules),
	     run->n_rules == 0 ? ": nothing is matched" : "",
	     match_engine_from_cache(job->engine) ? "compiled before, read" : "compiled",
	     (double)job->took_us / 1e6, waiting);
}

// Whether all workers use the new set or ended.
static void settle(struct reload *r) {
	look_for_takers(r);
	bool told = r->outcome.number == r->begun;
	if (r->n_pending > 0) {
		if (told || now_us() - r->offered_us < PATIENCE_US)
			return;
		// Its rules count when the first worker takes them, which may be none yet.
		if (r->n_adopted > 0)
			say_adopted(r);
		else
			tell(r, true,
			     "%u rule%s compiled; all workers wait for packets or for their records "
			     "to be taken, and use what is new when they go on",
			     match_engine_rules(r->job->engine),
			     match_engine_rules(r->job->engine) == 1 ? " is" : "s are");
		return;
	}
	if (r->n_adopted > 0) {
		if (!told)
			say_adopted(r);
		replace(r);
	} else if (!told) {
		keep_old(r, "the run is ending");
	}
	end_job(r);
}

// There are only so many earlier sets that streams and alerts may need at a time: the next waits for one
// of them to go. Streams let go of the oldest when they are scanned, or by and by.
static bool may_offer(struct reload *r) {
	if (r->n_used < MATCH_SETS_MAX && !rule_retired_full(&r->retired))
		return true;
	if (r->crowded_us == 0)
		r->crowded_us = now_us();
	if (now_us() - r->crowded_us < PATIENCE_US)
		return false;
	keep_old(
		r,
		"alerts that wait for their turn, or streams, need too many earlier sets; try later"
	);
	end_job(r);
	return false;
}

bool reload_step(struct reload *r) {
	uint64_t n;
	ssize_t got = read(r->fd, &n, sizeof(n));
	(void)got; // it only woke us
	take_back(r);
	rule_retired_step(&r->retired, r->run->exporter);
	if (r->job == NULL || !reload_job_done(r->job))
		return false;
	if (!r->offering && r->job->engine == NULL) {
		keep_old(r, r->job->err.text);
		end_job(r);
		return false;
	}
	if (!r->offering && !may_offer(r))
		return r->job != NULL;
	if (!r->offering)
		offer(r);
	settle(r);
	return r->offering;
}

bool reload_free(struct reload *r) {
	if (r == NULL)
		return true;
	struct pollfd done = {.fd = r->fd, .events = POLLIN};
	if (r->job != NULL && !reload_job_done(r->job))
		poll(&done, 1, LEAVE_MS);
	if (r->job != NULL && !reload_job_done(r->job)) {
		reload_job_abandon(r->job);
		return false;
	}
	reload_job_free(r->job);
	while (r->n_used > 0)
		match_engine_free(r->used[--r->n_used].engine);
	rule_retired_fini(&r->retired);
	free(r->text);
	close(r->fd);
	free(r);
	return true;
}
