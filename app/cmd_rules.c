// `sluice rules`: reads rule files as `sluice run` would, compiles them, and says how many patterns
// were accepted and which were refused, where and why.

#include "commands.h"
#include "rule_report.h"

#include "match/matcher.h"
#include "match/ruleset.h"

#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void usage(FILE *to) {
	fputs("usage: sluice rules [--json] FILE...\n\n"
	      "Reads rule files and compiles them, and shows how many rules were accepted and each that\n"
	      "was refused, as FILE:LINE: ID: reason. A file holds hsbench patterns, one a line:\n"
	      "id:/regex/flags{min_offset=..,max_offset=..,min_length=..,edit_distance=..}\n\n"
	      "  --json  one line: {\"accepted\":N,\"refused\":N,\"reasons\":{\"<reason>\":N}}\n"
	      "  --help  this text\n\n"
	      "exit status: 0 the files could be read (whatever was refused), 1 a fault, 2 bad usage or\n"
	      "a file that cannot be read\n",
	      to);
}

// Compiling can take minutes: a person at a terminal is told so, once a second.
struct waiting {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool shown; // there is a thread
	bool done; // under the lock
	uint32_t n_patterns;
};

static void *tell(void *arg) {
	struct waiting *w = arg;
	struct timespec start, next;
	bool told = false;
	clock_gettime(CLOCK_REALTIME, &start);
	next = start;
	pthread_mutex_lock(&w->lock);
	while (!w->done) {
		next.tv_sec++;
		while (!w->done && pthread_cond_timedwait(&w->cond, &w->lock, &next) == 0)
			;
		if (w->done)
			break;
		fprintf(stderr, "\r\033[Kcompiling %u patterns ... %ld s", w->n_patterns,
			(long)(next.tv_sec - start.tv_sec));
		told = true;
	}
	pthread_mutex_unlock(&w->lock);
	if (told)
		fputs("\r\033[K", stderr);
	return NULL;
}

static void waiting_begin(struct waiting *w, uint32_t n_patterns) {
	*w = (struct waiting){.n_patterns = n_patterns};
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->cond, NULL);
	w->shown = isatty(STDERR_FILENO) && pthread_create(&w->thread, NULL, tell, w) == 0;
}

static void waiting_end(struct waiting *w) {
	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
	if (w->shown)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->cond);
	pthread_mutex_destroy(&w->lock);
}

// Every file that cannot be read is named, not only the first.
static int read_files(struct ruleset *rs, char **paths, int n) {
	struct err err = {};
	int status = EXIT_OK;
	for (int i = 0; i < n; i++) {
		if (ruleset_add_file(rs, paths[i], &err) < 0) {
			fprintf(stderr, "sluice rules: %s\n", err.text);
			status = EXIT_USAGE;
		}
	}
	return status;
}

static int report(struct ruleset *rs, bool json) {
	struct matcher_config conf = {};
	struct err err = {};
	struct waiting waiting;
	waiting_begin(&waiting, rs->n_patterns);
	struct matcher *m = matcher_new(rs, &conf, &err);
	waiting_end(&waiting);
	if (m == NULL) {
		fprintf(stderr, "sluice rules: %s\n", err.text);
		return EXIT_FAULT;
	}
	matcher_free(m);
	if ((json ? rule_report_json(rs, stdout) : rule_report_text(rs, UINT32_MAX, stdout)) < 0) {
		fputs("sluice rules: out of memory\n", stderr);
		return EXIT_FAULT;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("sluice rules: stdout");
		return EXIT_FAULT;
	}
	return EXIT_OK;
}

int cmd_rules(int argc, char **argv) {
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	bool json = false;
	int c;
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		fputs("sluice rules: no file is named\n\n", stderr);
		usage(stderr);
		return EXIT_USAGE;
	}
	struct ruleset *rs = ruleset_new();
	if (rs == NULL) {
		fputs("sluice rules: out of memory\n", stderr);
		return EXIT_FAULT;
	}
	int status = read_files(rs, argv + optind, argc - optind);
	if (status == EXIT_OK)
		status = report(rs, json);
	ruleset_free(rs);
	return status;
}
