// A thread that prints once a second, or logs once, until it is told that compiling is over.

#include "compile_wait.h"

#include "base/log.h"
#include "base/units.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOG_AFTER_S 3

// Under the lock.
static void say(const struct compile_wait *w, long s) {
	if (!w->terminal) {
		if (s == LOG_AFTER_S)
			log_info(
				"getting %u %s ready, which may take minutes where they were not "
				"compiled before",
				w->n, w->what
			);
		return;
	}
	fputs("\r\033[K", stderr);
	if (w->n > 0)
		fprintf(stderr, "compiling %u ", w->n);
	fprintf(stderr, "%s ... %ld s", w->what, s);
	if (w->all > 0)
		fprintf(stderr, ", %u of %u group%s", w->done, w->all, units_plural(w->all));
}

static void *tell(void *arg) {
	struct compile_wait *w = arg;
	struct timespec start, next;
	bool told = false;
	clock_gettime(CLOCK_MONOTONIC, &start);
	next = start;
	pthread_mutex_lock(&w->lock);
	while (!w->over) {
		next.tv_sec++;
		while (!w->over
		       && pthread_cond_clockwait(&w->cond, &w->lock, CLOCK_MONOTONIC, &next) == 0)
			;
		if (w->over)
			break;
		say(w, (long)(next.tv_sec - start.tv_sec));
		told = true;
	}
	pthread_mutex_unlock(&w->lock);
	if (told && w->terminal)
		fputs("\r\033[K", stderr);
	return NULL;
}

void compile_wait_begin(struct compile_wait *w, uint32_t n, const char *what, bool logged) {
	*w = (struct compile_wait){.n = n, .what = what, .terminal = isatty(STDERR_FILENO)};
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->cond, NULL);
	w->shown = (w->terminal || logged) && pthread_create(&w->thread, NULL, tell, w) == 0;
}

void compile_wait_end(struct compile_wait *w) {
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
	if (w->shown)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->cond);
	pthread_mutex_destroy(&w->lock);
}

void compile_wait_progress(void *ctx, uint32_t done, uint32_t all) {
	struct compile_wait *w = ctx;
	pthread_mutex_lock(&w->lock);
	w->done = done;
	w->all = all;
	pthread_mutex_unlock(&w->lock);
}
