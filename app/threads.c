// The bodies of a run's threads: attach, step until the end, detach.

#include "threads.h"

#include "app/run.h"
#include "base/log.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Where threads share processors a worker may be off its own for some time slices.
#define GRACE_US 20000

// Only trying tells: a processor may be there and not be ours to use.
int threads_check_cpus(const struct conf_input *in, struct err *err) {
	cpu_set_t all, one;
	int ret = 0;
	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return 0;
	for (uint32_t i = 0; i < in->n_cpus && ret == 0; i++) {
		CPU_ZERO(&one);
		CPU_SET(in->cpus[i], &one);
		if (sched_setaffinity(0, sizeof(one), &one) < 0)
			ret = err_set(
				err, -EINVAL,
				"input.cpus: %u: a thread cannot run on this processor: %s "
				"(/proc/cpuinfo lists those of this machine)",
				in->cpus[i], strerror(errno)
			);
	}
	sched_setaffinity(0, sizeof(all), &all);
	return ret;
}

void threads_free_cpus(const struct run *run, cpu_set_t *cpus) {
	if (sched_getaffinity(0, sizeof(*cpus), cpus) < 0)
		CPU_ZERO(cpus);
	for (uint32_t i = 0; i < run->n_workers; i++)
		if (run->worker_thread[i].cpu >= 0)
			CPU_CLR(run->worker_thread[i].cpu, cpus);
	if (run->receiver_thread.cpu >= 0)
		CPU_CLR(run->receiver_thread.cpu, cpus);
}

// This thread and those it makes from now on; who polls goes to its own.
static void leave_alone(const struct run *run) {
	cpu_set_t rest;
	threads_free_cpus(run, &rest);
	if (CPU_COUNT(&rest) > 0)
		sched_setaffinity(0, sizeof(rest), &rest);
}

void threads_place(struct run *run) {
	cpu_set_t allowed;
	uint32_t polling = run->n_workers + (run->receiver != NULL);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		CPU_ZERO(&allowed);
	uint32_t n = (uint32_t)CPU_COUNT(&allowed);
	const struct conf_input *in = &run->conf->input;
	int cpu[CONF_MAX_WORKERS + 1];
	for (uint32_t i = 0; i < polling; i++)
		cpu[i] = i < in->n_cpus ? (int)in->cpus[i] : -1;
	// The first processor is left to the exporter and everybody else, so there must be one more.
	if (in->n_cpus == 0 && n > polling) {
		uint32_t at = 0;
		for (int c = 0; c < CPU_SETSIZE && at <= polling; c++)
			if (CPU_ISSET(c, &allowed) && at++ > 0)
				cpu[at - 2] = c;
	}
	for (uint32_t i = 0; i < run->n_workers; i++)
		run->worker_thread[i].cpu = cpu[i];
	run->receiver_thread.cpu = run->receiver != NULL ? cpu[run->n_workers] : -1;
	run->exporter_thread.cpu = run->collector_thread.cpu = -1;
	// A poll-mode thread with a processor of its own spins; with fewer it must share.
	run->polite = run->patient || run->input->sparing
		|| (in->n_cpus == 0 ? n <= polling : in->n_cpus < polling);
	if (run->receiver != NULL)
		run->receiver->grace_us = run->polite ? GRACE_US : 0;
	if (!run->polite)
		leave_alone(run);
}

static void pin(const struct run_thread *t, const char *what) {
	cpu_set_t set;
	if (t->cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(t->cpu, &set);
	int ret = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	if (ret != 0)
		log_warn(
			"%s: cannot run on processor %d: %s (input.cpus)", what, t->cpu,
			strerror(ret)
		);
}

#define NAP_NS 50000

// After `empty` rounds in a row that found nothing. A wait ends soon enough for event time to move
// on by the clock. Naps grow to 0.8 ms: many workers without work must not keep those who have some
// from the processors.
static void idle(const struct run *run, struct source *src, uint32_t empty) {
	if (!run->polite) {
		cpu_pause();
		return;
	}
	uint32_t longer = empty < 32 ? 0 : (empty - 32) / 16;
	struct timespec nap = {.tv_nsec = NAP_NS << (longer < 4 ? longer : 4)};
	if (empty < 32 && (!run->input->sparing || src == NULL || src->ops->wait == NULL))
		sched_yield();
	else if (src != NULL && src->ops->wait != NULL)
		src->ops->wait(src, 1000);
	else
		nanosleep(&nap, NULL);
}

static int enter(struct run *run, struct err *err) {
	struct input *in = run->input;
	return in->thread_enter != NULL ? in->thread_enter(in, err) : 0;
}

static void leave(struct run *run) {
	struct input *in = run->input;
	if (in->thread_leave != NULL)
		in->thread_leave(in);
}

// Attaches all of them or none.
static int attach(struct source **sources, uint32_t n, struct err *err) {
	for (uint32_t i = 0; i < n; i++) {
		int ret = sources[i]->ops->attach(sources[i]);
		if (ret == 0)
			continue;
		*err = sources[i]->err;
		while (i-- > 0)
			sources[i]->ops->detach(sources[i]);
		return ret;
	}
	return 0;
}

static void detach(struct source **sources, uint32_t n) {
	for (uint32_t i = 0; i < n; i++)
		sources[i]->ops->detach(sources[i]);
}

// All threads start together: a source that cannot be attached stops the run before the first packet.
static bool await_go(struct run *run, struct run_thread *t) {
	if (t->result < 0)
		atomic_fetch_add(&run->failed, 1);
	atomic_fetch_add(&run->attached, 1);
	int go;
	while ((go = atomic_load_explicit(&run->go, memory_order_acquire)) == 0)
		usleep(100);
	return go > 0;
}

// The text of whichever source gave the fault.
static void note_fault(struct run_thread *t, struct source **sources, uint32_t n) {
	for (uint32_t i = 0; i < n && t->err.text[0] == '\0'; i++)
		t->err = sources[i]->err;
	if (t->err.text[0] == '\0')
		err_set(&t->err, t->result, "%s", strerror(-t->result));
	atomic_fetch_add(&t->run->failed, 1);
}

static bool is_fault(int result) {
	return result < 0 && result != -ENODATA && result != -ECANCELED;
}

void *thread_worker(void *arg) {
	struct run_thread *t = arg;
	struct run *run = t->run;
	struct worker *w = &run->workers[t->index];
	bool own = run->receiver == NULL; // else the sources are lanes
	pthread_setname_np(pthread_self(), "sluice-worker");
	pin(t, "worker");
	t->result = enter(run, &t->err);
	bool entered = t->result == 0;
	if (entered)
		t->result = attach(w->sources, w->n_sources, &t->err);
	bool attached = t->result == 0;
	if (await_go(run, t)) {
		for (uint32_t empty = 0;;) {
			t->result = worker_step(w);
			if (t->result < 0)
				break;
			bool saves = w->saving && state_pool_has_room(w->pool);
			empty = t->result > 0 || saves ? 0 : empty + 1;
			if (empty > 0)
				idle(run, w->n_sources == 1 ? w->sources[0] : NULL, empty);
		}
		if (is_fault(t->result))
			note_fault(t, w->sources, w->n_sources);
	}
	atomic_fetch_add(&run->finished, 1);
	if (attached && own)
		detach(w->sources, w->n_sources);
	if (entered)
		leave(run);
	return NULL;
}

void *thread_receiver(void *arg) {
	struct run_thread *t = arg;
	struct run *run = t->run;
	struct receiver *r = run->receiver;
	pthread_setname_np(pthread_self(), "sluice-receiver");
	pin(t, "receiver");
	t->result = enter(run, &t->err);
	bool entered = t->result == 0;
	if (entered)
		t->result = attach(r->sources, r->n_sources, &t->err);
	bool attached = t->result == 0;
	if (await_go(run, t)) {
		for (uint32_t empty = 0;;) {
			t->result = receiver_step(r);
			if (t->result < 0)
				break;
			bool saves = r->saving && state_pool_has_room(r->pool);
			empty = t->result > 0 || saves ? 0 : empty + 1;
			if (empty > 0)
				idle(run, r->n_sources == 1 ? r->sources[0] : NULL, empty);
		}
		if (is_fault(t->result))
			note_fault(t, r->sources, r->n_sources);
		atomic_store(&run->received, true);
		// Workers still hold packets; those come back before the sources go.
		while (atomic_load(&run->finished) < run->n_workers)
			usleep(100);
		receiver_drain(r);
	}
	if (attached)
		detach(r->sources, r->n_sources);
	if (entered)
		leave(run);
	return NULL;
}

// Longest between two looks at the kernel's tables.
#define COLLECT_EVERY_US 5000

void *thread_collector(void *arg) {
	struct run_thread *t = arg;
	struct run *run = t->run;
	struct count_source *src = run->collector->source;
	pthread_setname_np(pthread_self(), "sluice-collect");
	t->result = src->ops->attach(src);
	bool attached = t->result == 0;
	if (!attached)
		t->err = src->err;
	if (await_go(run, t)) {
		while ((t->result = collector_step(run->collector)) >= 0)
			if (t->result == 0)
				src->ops->wait(src, COLLECT_EVERY_US);
		if (is_fault(t->result)) {
			t->err = src->err;
			atomic_fetch_add(&run->failed, 1);
		}
	}
	atomic_fetch_add(&run->finished, 1);
	if (attached)
		src->ops->detach(src);
	return NULL;
}

// Live traffic has no end but that somebody ended it.
static bool was_cut(const struct run *run) {
	if (!run->patient)
		return true;
	for (uint32_t i = 0; i < run->n_workers; i++)
		if (run->worker_thread[i].result == -ECANCELED)
			return true;
	return false;
}

static uint64_t now_ns(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

// A capture file may be waiting for the exporter; live input leaves it time.
#define EXPORT_NAP_MIN_NS 200000
#define EXPORT_NAP_MAX_NS 3000000

void *thread_exporter(void *arg) {
	struct run_thread *t = arg;
	struct run *run = t->run;
	long longest = run->patient ? EXPORT_NAP_MIN_NS : EXPORT_NAP_MAX_NS;
	struct timespec nap = {.tv_nsec = EXPORT_NAP_MIN_NS};
	pthread_setname_np(pthread_self(), "sluice-export");
	while (atomic_load(&run->finished) < run_feeders(run)) {
		bool busy = exporter_step(run->exporter);
		if (state_export(run) || busy) {
			nap.tv_nsec = EXPORT_NAP_MIN_NS;
			continue;
		}
		nanosleep(&nap, NULL);
		nap.tv_nsec = nap.tv_nsec * 2 < longest ? nap.tv_nsec * 2 : longest;
	}
	// To workers the end of an input that broke off is an end like any other.
	while (run->receiver != NULL && atomic_load(&run->go) > 0 && !atomic_load(&run->received))
		usleep(100);
	bool cut = was_cut(run);
	if (state_keeps(run, cut))
		exporter_leave(run->exporter);
	else
		exporter_finish(run->exporter, cut);
	atomic_store(&run->end_ns, now_ns());
	t->result = state_export_last(run, cut, &t->err);
	exporter_sync(run->exporter);
	uint64_t one = 1;
	ssize_t n = write(run->done_fd, &one, sizeof(one));
	(void)n; // an eventfd takes it
	return NULL;
}
