// The thread that compiles. Packets come first: it runs at a low priority, and beside the workers'
// processors where there are others.

#include "reload_job.h"

#include "app/rule_load.h"
#include "app/rule_report.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NICE 10
#define REPORTED 1000 // refused rules that are listed

static int64_t now_us(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void report(struct reload_job *job, const struct rule_files *files) {
	size_t len;
	FILE *to = open_memstream(&job->report, &len);
	if (to == NULL)
		return;
	(void)rule_report_text(files, REPORTED, to);
	fclose(to);
}

static int make_work(struct reload_job *job) {
	int ret = match_engine_map(job->before, job->engine, &job->map, &job->same);
	for (uint32_t i = 0; ret == 0 && i < job->n_workers; i++) {
		job->work[i] = match_work_new(job->engine);
		ret = job->work[i] == NULL ? -ENOMEM : 0;
	}
	return ret < 0 ? err_set(&job->err, ret, "out of memory") : 0;
}

// Nobody waits for rules to be compiled that are not to be taken.
static int check_faults(struct reload_job *job, const struct rule_files *read) {
	char first[512];
	uint32_t faults = rule_report_faults(read, first, sizeof(first));
	if (faults == 0)
		return 0;
	return err_set(
		&job->err, -EINVAL,
		"%u %s as written%s %s (mend or remove %s; rules that ask for what cannot be had "
		"are left out all the same)",
		faults, faults == 1 ? "rule is wrong" : "rules are wrong",
		faults == 1 ? ":" : ", the first is", first, faults == 1 ? "it" : "them"
	);
}

static void load(struct reload_job *job) {
	struct rule_files files;
	const struct rule_files *read = &files;
	int ret = rule_load_files(job->conf, &files, NULL, &job->err);
	bool all_read = ret == 0;
	if (ret == 0)
		ret = check_faults(job, &files);
	if (ret == 0) {
		job->engine = rule_load_compile(job->conf, &files, NULL, &job->err);
		if (job->engine != NULL)
			read = match_engine_files(job->engine);
		ret = job->engine == NULL ? -EINVAL : 0;
	}
	if (all_read) {
		report(job, read);
		rule_report_log(read);
	}
	if (ret == 0)
		ret = check_faults(job, read);
	if (ret == 0)
		ret = rule_load_check(job->conf, read, &job->err);
	if (ret == 0)
		ret = make_work(job);
	if (ret < 0) {
		match_engine_free(job->engine);
		job->engine = NULL;
	}
	rule_files_fini(&files);
}

static void *run(void *arg) {
	struct reload_job *job = arg;
	int64_t start = now_us();
	pthread_setname_np(pthread_self(), "sluice-reload");
	// Linux has priorities by thread. That neither can be had makes it slower or ruder, not wrong.
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	if (CPU_COUNT(&job->cpus) > 0)
		(void)pthread_setaffinity_np(pthread_self(), sizeof(job->cpus), &job->cpus);
	load(job);
	job->took_us = now_us() - start;
	int fd = job->done_fd;
	atomic_store_explicit(&job->done, true, memory_order_release);
	uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));
	(void)n; // an eventfd takes it
	return NULL;
}

struct reload_job *reload_job_start(
	const struct conf *conf, const struct match_engine *before, uint32_t n_workers,
	const cpu_set_t *cpus, int done_fd, struct err *err
) {
	struct reload_job *job = calloc(1, sizeof(*job));
	if (job == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	job->conf = conf;
	job->before = before;
	job->n_workers = n_workers;
	job->cpus = *cpus;
	job->done_fd = done_fd;
	int ret = pthread_create(&job->thread, NULL, run, job);
	if (ret == 0)
		return job;
	err_set(err, -ret, "cannot start a thread: %s", strerror(ret));
	free(job);
	return NULL;
}

bool reload_job_done(struct reload_job *job) {
	return atomic_load_explicit(&job->done, memory_order_acquire);
}

void reload_job_abandon(struct reload_job *job) {
	pthread_detach(job->thread);
}

void reload_job_free(struct reload_job *job) {
	if (job == NULL)
		return;
	pthread_join(job->thread, NULL);
	for (uint32_t i = 0; i < job->n_workers; i++)
		match_work_free(job->work[i]);
	free(job->map);
	match_engine_free(job->engine);
	free(job->report);
	free(job);
}
