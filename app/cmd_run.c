// sluice run: opens a run, waits for its end, a signal or the time limit, and prints the ledger.

#include "commands.h"
#include "control.h"
#include "ledger.h"
#include "load.h"
#include "reload.h"
#include "run.h"
#include "start_watch.h"
#include "state.h"
#include "supervise.h"

#include "base/log.h"
#include "base/units.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
	const char *conf;
	const char *sets[256];
	uint32_t n_sets;
	int64_t duration_us; // 0: none
	const char *summary;
	bool restart;
};

static void usage(FILE *to) {
	fprintf(to,
		"usage: sluice run CONF [--set section.key=value]... [--duration T]\n"
		"       [--summary FILE] [--restart]\n\n"
		"Processes packets as CONF says until the input ends, T has passed, or SIGINT or\n"
		"SIGTERM comes; then drains, emits every open window, flushes every sink and\n"
		"prints the ledger.\n\n"
		"  --set section.key=value  overrides one key; repeated: the last wins. Paths\n"
		"                           given here count from the current folder\n"
		"  --duration T             stop after this long (500ms, 10s, 5m, 1h)\n"
		"  --summary FILE           write the ledger as JSON\n"
		"  --restart                begin anew, whatever state.path holds of a run before\n"
		"  --help                   this text\n\n"
		"A second signal ends the program at once. SIGHUP reads the rule files anew, as\n"
		"sluice reload does.\n\n"
		"exit status: 0 done, 1 a fault while running, 2 bad usage or bad configuration\n");
}

// Returns -1 to go on, else the exit status.
static int parse_arguments(int argc, char **argv, struct arguments *a) {
	static const struct option options[] = {
		{"set", required_argument, NULL, 's'},
		{"duration", required_argument, NULL, 'd'},
		{"summary", required_argument, NULL, 'S'},
		{"restart", no_argument, NULL, 'r'},
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
		case 'r':
			a->restart = true;
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

// From the start of the threads to the ledger. 0 or -errno with err set.
static int go(const struct supervision *s, FILE *summary, struct err *err) {
	struct ledger ledger;
	struct err fault = {0};
	int ret = run_start(s->run, err);
	if (ret == 0)
		supervise(s);
	int joined = run_join(s->run, &fault);
	if (ret == 0 && joined < 0) {
		ret = joined;
		*err = fault;
	}
	// A set that was taken in the last moment is the one to report.
	reload_step(s->reload);
	ledger_read(s->run, &ledger);
	ledger_print_text(s->run, &ledger, stderr);
	if (summary != NULL)
		ledger_print_json(s->run, &ledger, summary);
	return ret;
}

// *compiling: a thread is, which cannot be interrupted and uses the configuration.
static int run_configuration(
	const struct conf *conf, const struct arguments *a, FILE *summary, bool *compiling
) {
	struct err err = {0};
	struct supervision s = {
		.signals = start_watch_signals(),
		.duration_us = a->duration_us,
	};
	s.run = aligned_alloc(CACHE_LINE, (sizeof(*s.run) + CACHE_LINE - 1) & ~(CACHE_LINE - 1ul));
	if (s.run != NULL) {
		s.run->engine = NULL;
		s.reload = reload_new(s.run);
	}
	int ret = 0, status = EXIT_FAULT;
	if (s.reload == NULL || s.signals < 0)
		ret = err_set(&err, -ENOMEM, "out of memory or file descriptors");
	// Ahead of all that takes time: who must not run twice is told at once.
	if (ret == 0 && conf->control.socket[0] != '\0') {
		s.control = control_open(&conf->control, &err);
		ret = s.control == NULL ? -EADDRINUSE : 0;
	}
	struct start_watch watch = {0};
	struct run_state *state = NULL;
	if (ret == 0 && conf->state.path[0] != '\0') {
		state = state_open(conf, a->restart, &err);
		ret = state == NULL ? -EIO : 0;
	} else if (ret == 0 && a->restart) {
		log_warn("--restart: there is no state to start over from: state.path is empty");
	}
	if (ret == 0 && (state == NULL || !state_finished(state, summary))) {
		watch = (struct start_watch){
			.conf = conf,
			.signals = s.signals,
			.control = s.control,
			.summary = summary,
			.duration_us = a->duration_us,
		};
		ret = start_watch_begin(&watch, &err);
	}
	if (watch.begun) {
		ret = run_open(s.run, conf, state, &watch, &err);
		start_watch_end(&watch);
		if (ret == 0)
			ret = go(&s, summary, &err);
		else if (s.run->misconfigured)
			status = EXIT_USAGE;
		run_close(s.run);
	}
	state_close(state);
	if (ret < 0)
		log_error("%s", err.text);
	control_close(s.control, ret == 0, ret == 0 ? "stopped\n" : err.text);
	*compiling = !reload_free(s.reload);
	// A set that is still being compiled is compared with it.
	if (!*compiling && s.run != NULL)
		match_engine_free(s.run->engine);
	free(s.run);
	close(s.signals);
	return ret < 0 ? status : EXIT_OK;
}

// The ledger would take the place of what stands there, or stand between records.
static bool summary_is_apart(const struct conf *conf, const char *path) {
	char use[CONF_USE_MAX];
	if (strcmp(path, "-") == 0)
		fputs("sluice run: --summary: -: standard output is for records (a file)\n",
		      stderr);
	else if (conf_use(conf, path, conf->n_sinks, use))
		fprintf(stderr, "sluice run: --summary: %s: %s (a file of its own)\n", path, use);
	else
		return true;
	return false;
}

int cmd_run(int argc, char **argv) {
	struct arguments a = {0};
	int status = parse_arguments(argc, argv, &a);
	if (status >= 0)
		return status;
	struct conf *conf = load_configuration(a.conf, a.sets, a.n_sets);
	if (conf == NULL)
		return EXIT_USAGE;
	if (a.summary != NULL && !summary_is_apart(conf, a.summary)) {
		conf_free(conf);
		return EXIT_USAGE;
	}
	FILE *summary = a.summary != NULL ? fopen(a.summary, "we") : NULL;
	if (a.summary != NULL && summary == NULL) {
		log_error("--summary: %s: %s", a.summary, strerror(errno));
		conf_free(conf);
		return EXIT_FAULT;
	}
	bool compiling = false;
	status = run_configuration(conf, &a, summary, &compiling);
	bool unwritten = summary != NULL && ferror(summary);
	if (summary != NULL && (fclose(summary) != 0 || unwritten)) {
		log_error("--summary: %s: %s", a.summary, strerror(errno));
		status = EXIT_FAULT;
	}
	if (compiling) {
		// All is written. What is in memory goes with the process, not ahead of the thread.
		log_info("leaving while rules are being compiled");
		fflush(NULL);
		_exit(status);
	}
	conf_free(conf);
	return status;
}
