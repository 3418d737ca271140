// A run's life after opening: start, stop, join, close.

#include "run.h"

#include "app/alerts.h"
#include "app/threads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int
start_thread(struct run *run, struct run_thread *t, void *(*body)(void *), struct err *err) {
	t->run = run;
	int ret = pthread_create(&t->thread, NULL, body, t);
	if (ret != 0)
		return err_set(err, -ret, "cannot start a thread: %s", strerror(ret));
	t->started = true;
	return 0;
}

int run_start(struct run *run, struct err *err) {
	struct timespec ts;
	uint32_t polling = run_feeders(run) + (run->receiver != NULL);
	int ret = 0;
	for (uint32_t i = 0; ret == 0 && i < run->n_workers; i++) {
		run->worker_thread[i].index = i;
		ret = start_thread(run, &run->worker_thread[i], thread_worker, err);
	}
	if (ret == 0 && run->receiver != NULL)
		ret = start_thread(run, &run->receiver_thread, thread_receiver, err);
	if (ret == 0 && run->collector != NULL)
		ret = start_thread(run, &run->collector_thread, thread_collector, err);
	// Ahead of the first packet: workers may come to wait for the exporter.
	if (ret == 0)
		ret = start_thread(run, &run->exporter_thread, thread_exporter, err);
	while (ret == 0 && atomic_load(&run->attached) < polling)
		usleep(100);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	run->start_ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	bool all = ret == 0 && atomic_load(&run->failed) == 0;
	atomic_store_explicit(&run->go, all ? 1 : -1, memory_order_release);
	return ret;
}

void run_stop(struct run *run) {
	if (run->state == NULL || state_stop(run))
		run_stop_now(run);
}

void run_stop_now(struct run *run) {
	if (run->input->ops->stop != NULL)
		run->input->ops->stop(run->input);
	// With a receiver the workers end when their lanes do.
	if (run->receiver != NULL) {
		atomic_store_explicit(&run->receiver->stop, true, memory_order_relaxed);
		return;
	}
	if (run->collector != NULL)
		atomic_store_explicit(&run->collector->stop, true, memory_order_relaxed);
	for (uint32_t i = 0; i < run->n_workers; i++)
		atomic_store_explicit(&run->workers[i].stop, true, memory_order_relaxed);
}

static bool is_fault(int result) {
	return result < 0 && result != -ENODATA && result != -ECANCELED;
}

static int join_thread(struct run_thread *t, int ret, struct err *err) {
	if (!t->started)
		return ret;
	pthread_join(t->thread, NULL);
	t->started = false;
	if (ret == 0 && is_fault(t->result)) {
		ret = t->result;
		*err = t->err;
	}
	return ret;
}

int run_join(struct run *run, struct err *err) {
	int ret = 0;
	for (uint32_t i = 0; i < run->n_workers; i++)
		ret = join_thread(&run->worker_thread[i], ret, err);
	ret = join_thread(&run->receiver_thread, ret, err);
	ret = join_thread(&run->collector_thread, ret, err);
	ret = join_thread(&run->exporter_thread, ret, err);
	if (ret == 0 && run->exporter != NULL && exporter_failed(run->exporter))
		ret = err_set(
			err, -EIO, "%s, see above",
			exporter_lost(run->exporter) ? "records were lost on the way out"
						     : "a sink could not do what it should"
		);
	return ret;
}

void run_close(struct run *run) {
	exporter_free(run->exporter);
	for (uint32_t i = 0; i < run->n_workers; i++)
		worker_fini(&run->workers[i]);
	free(run->workers);
	for (uint32_t i = 0; run->worker_sources != NULL && i < run->conf->input.workers; i++)
		free(run->worker_sources[i]);
	free(run->worker_sources);
	free(run->n_worker_sources);
	if (run->receiver != NULL)
		receiver_fini(run->receiver);
	free(run->receiver);
	if (run->collector != NULL)
		collector_fini(run->collector);
	free(run->collector);
	if (run->input != NULL)
		run->input->ops->close(run->input);
	for (uint32_t i = 0; i < run->n_sinks; i++)
		run->sink[i]->ops->close(run->sink[i]);
	alerts_ifaces_fini(&run->ifaces);
	filter_free(run->filter);
	if (run->done_fd >= 0)
		close(run->done_fd);
}
