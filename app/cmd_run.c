// sluice run: opens a run, waits for its end, a signal or the time limit, and prints the ledger.

#include "commands.h"
#include "ledger.h"
#include "load.h"
#include "progress.h"
#include "run.h"

#include "base/log.h"
#include "base/units.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

struct arguments {
	const char *conf;
	const char *sets[256];
	uint32_t n_sets;
	int64_t duration_us; // 0: none
	const char *summary;
};

static void usage(FILE *to) {
	fprintf(to,
		"usage: sluice run CONF [--set section.key=value]... [--duration T] [--summary FILE]\n\n"
		"Processes packets as CONF says until the input ends, T has passed, or SIGINT or SIGTERM\n"
		"comes; then drains, emits every open window, flushes every sink and prints the ledger.\n\n"
		"  --set section.key=value  overrides one key; repeated: the last wins. Paths given here\n"
		"                           count from the current folder\n"
		"  --duration T             stop after this long (500ms, 10s, 5m, 1h)\n"
		"  --summary FILE           write the ledger as JSON\n"
		"  --help                   this text\n\n"
		"A second signal ends the program at once.\n"
		"exit status: 0 done, 1 a fault while running, 2 bad usage or a bad configuration\n"
	);
}

// Returns -1 to go on, else the exit status.
static int parse_arguments(int argc, char **argv, struct arguments *a) {
	static const struct option options[] = {
		{"set", required_argument, NULL, 's'},
		{"duration", required_argument, NULL, 'd'},
		{"summary", required_argument, NULL, 'S'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			if (a->n_sets == 256) {
				fprintf(stderr, "sluice run: more than 256 --set\n");
				return EXIT_USAGE;
			}
			a->sets[a->n_sets++] = optarg;
			break;
		case 'd':
			if (units_parse_duration(optarg, &a->duration_us) < 0
			    || a->duration_us == 0) {
				fprintf(stderr,
					"sluice run: --duration: %s: not a duration "
					"(500ms, 10s, 5m, 1h)\n",
					optarg);
				return EXIT_USAGE;
			}
			break;
		case 'S':
			a->summary = optarg;
			break;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (argc - optind != 1) {
		fprintf(stderr, "sluice run: %s\n\n",
			argc == optind ? "no configuration given"
				       : "more than one configuration given");
		usage(stderr);
		return EXIT_USAGE;
	}
	a->conf = argv[optind];
	return -1;
}

static int64_t now_us(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

// Waits for the end, whichever comes first, and shows progress meanwhile.
static void supervise(struct run *run, const struct arguments *a, int signals) {
	struct progress progress;
	progress_init(&progress, run);
	int64_t start = now_us(), tick = start + 1000000;
	int64_t deadline = a->duration_us > 0 ? start + a->duration_us : INT64_MAX;
	bool stopping = false;
	struct pollfd fds[] = {
		{.fd = run->done_fd, .events = POLLIN},
		{.fd = signals, .events = POLLIN},
	};
	for (;;) {
		int64_t now = now_us(), until = tick < deadline ? tick : deadline;
		// At least every 100 ms: a thread that met a fault must stop the others.
		int64_t wait_ms = (until - now + 999) / 1000;
		poll(fds, 2, (int)(wait_ms < 0 ? 0 : wait_ms > 100 ? 100 : wait_ms));
		if (fds[0].revents != 0)
			break;
		if (fds[1].revents != 0) {
			struct signalfd_siginfo info;
			if (read(signals, &info, sizeof(info)) == sizeof(info) && stopping) {
				log_error("second signal: leaving without finishing");
				_exit(EXIT_FAULT);
			}
			log_info("%s: finishing", info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
			stopping = true;
			run_stop(run);
		}
		now = now_us();
		if (now >= deadline) {
			deadline = INT64_MAX;
			run_stop(run);
		}
		if (atomic_load(&run->failed) > 0)
			run_stop(run);
		if (now >= tick) {
			progress_show(&progress, run);
			tick += 1000000;
		}
	}
	progress_clear(&progress);
}

static int run_configuration(const struct conf *conf, const struct arguments *a, FILE *summary) {
	struct err err = {0};
	sigset_t set;
	run_signals(&set);
	int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	struct run *run = aligned_alloc(
		CACHE_LINE, (sizeof(*run) + CACHE_LINE - 1) & ~(CACHE_LINE - 1ul)
	);
	if (run == NULL || signals < 0) {
		log_error("out of memory or file descriptors");
		free(run);
		return EXIT_FAULT;
	}
	int ret = run_open(run, conf, &err);
	bool opened = ret == 0;
	if (ret == 0)
		ret = run_start(run, &err);
	if (ret == 0)
		supervise(run, a, signals);
	if (opened) {
		struct err fault = {0};
		int joined = run_join(run, &fault);
		if (ret == 0 && joined < 0) {
			ret = joined;
			err = fault;
		}
		struct ledger ledger;
		ledger_read(run, &ledger);
		ledger_print_text(run, &ledger, stderr);
		if (summary != NULL)
			ledger_print_json(run, &ledger, summary);
	}
	if (ret < 0)
		log_error("%s", err.text);
	run_close(run);
	free(run);
	close(signals);
	return ret < 0 ? EXIT_FAULT : EXIT_OK;
}

int cmd_run(int argc, char **argv) {
	struct arguments a = {0};
	int status = parse_arguments(argc, argv, &a);
	if (status >= 0)
		return status;
	struct conf *conf = load_configuration(a.conf, a.sets, a.n_sets);
	if (conf == NULL)
		return EXIT_USAGE;
	FILE *summary = a.summary != NULL ? fopen(a.summary, "we") : NULL;
	if (a.summary != NULL && summary == NULL) {
		log_error("--summary: %s: %s", a.summary, strerror(errno));
		conf_free(conf);
		return EXIT_FAULT;
	}
	status = run_configuration(conf, &a, summary);
	bool unwritten = summary != NULL && ferror(summary);
	if (summary != NULL && (fclose(summary) != 0 || unwritten)) {
		log_error("--summary: %s: %s", a.summary, strerror(errno));
		status = EXIT_FAULT;
	}
	conf_free(conf);
	return status;
}
