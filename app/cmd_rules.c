// `sluice rules`: reads rule files as `sluice run` would, compiles them, and says how many rules were
// accepted and which were refused, where and why.

#include "commands.h"
#include "compile_wait.h"
#include "rule_report.h"

#include "match/detect/detect_explain.h"
#include "match/match_engine.h"
#include "match/rules/rule_files.h"
#include "match/stream/stream_explain.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct args {
	bool json, explain, block;
	struct snort_var *vars; // owned; the names too, values lie behind them
	uint32_t n_vars;
};

static void usage(FILE *to) {
	fputs("usage: sluice rules [--json] [--explain] [--mode MODE] [--var NAME=VALUE]...\n"
	      "       FILE...\n\n"
	      "Reads rule files and compiles them, and shows how many rules were accepted and\n"
	      "each that was refused, as FILE:LINE: ID: reason, then how many for which reason.\n"
	      "A file whose name ends in .rules holds rules in Snort's and Suricata's syntax,\n"
	      "any other hsbench patterns, one a line:\n"
	      "id:/regex/flags{min_offset=..,max_offset=..,min_length=..,edit_distance=..}\n\n"
	      "  --json            one line, without the refused rules:\n"
	      "                    {\"accepted\":N,\"refused\":N,\"reasons\":{\"<reason>\":N}}\n"
	      "  --explain         also: which packets and which streams are scanned for which\n"
	      "                    group of rules, what the groups hold, their sizes, rules\n"
	      "                    without a gate\n"
	      "  --mode MODE       as match.mode will be: stream (without this option) or block\n"
	      "  --var NAME=VALUE  what $NAME stands for in .rules, ahead of what the files say\n"
	      "  --help            this text\n\n"
	      "exit status: 0 the files could be read (whatever was refused), 1 a fault,\n"
	      "2 bad usage or a file that cannot be read\n",
	      to);
}

// Every file that cannot be read is named, not only the first.
static int read_files(struct rule_files *files, const struct args *args, char **paths, int n) {
	const struct snort_vars vars = {.vars = args->vars, .n = args->n_vars};
	struct err err = {};
	int status = EXIT_OK;
	for (int i = 0; i < n; i++) {
		if (rule_files_add(files, paths[i], &vars, &err) < 0) {
			fprintf(stderr, "sluice rules: %s\n", err.text);
			status = EXIT_USAGE;
		}
	}
	if (rule_files_settle(files) < 0) {
		fputs("sluice rules: out of memory\n", stderr);
		status = EXIT_FAULT;
	}
	return status;
}

static struct match_engine *
compile(struct rule_files *files, const struct args *args, struct err *err) {
	struct compile_wait wait;
	const struct match_engine_config conf = {
		.streams = !args->block,
		.progress = compile_wait_progress,
		.ctx = &wait,
	};
	compile_wait_begin(&wait, rule_files_accepted(files), "rules", false);
	struct match_engine *e = match_engine_new(files, &conf, err);
	compile_wait_end(&wait);
	return e;
}

// Returns 0 or -ENOMEM.
static int print(const struct match_engine *e, const struct args *args) {
	const struct rule_files *files = match_engine_files(e);
	if (args->json)
		return rule_report_json(files, stdout);
	int ret = rule_report_text(files, UINT32_MAX, stdout);
	if (ret < 0)
		return ret;
	if (args->explain && match_engine_detect(e) != NULL) {
		fputc('\n', stdout);
		detect_explain(match_engine_detect(e), stdout);
	}
	if (args->explain && match_engine_streams(e) != NULL) {
		fputc('\n', stdout);
		stream_explain(match_engine_streams(e), stdout);
	}
	return 0;
}

static int report(struct rule_files *f, const struct args *args) {
	struct err err = {};
	int status = EXIT_OK;
	struct match_engine *e = compile(f, args, &err);
	if (e == NULL) {
		fprintf(stderr, "sluice rules: %s\n", err.text);
		status = EXIT_FAULT;
	} else if (print(e, args) < 0) {
		fputs("sluice rules: out of memory\n", stderr);
		status = EXIT_FAULT;
	}
	match_engine_free(e);
	return status;
}

// Keeps NAME and VALUE. Returns an exit status.
static int add_var(struct args *args, const char *text) {
	const char *sign = strchr(text, '=');
	if (sign == NULL || sign == text) {
		fprintf(stderr,
			"sluice rules: --var %s: not NAME=VALUE (for example"
			" --var HOME_NET=[10.0.0.0/8,192.168.0.0/16])\n",
			text);
		return EXIT_USAGE;
	}
	char *name = strdup(text);
	struct snort_var *vars = reallocarray(
		args->vars, (size_t)args->n_vars + 1, sizeof(*args->vars)
	);
	args->vars = vars != NULL ? vars : args->vars;
	if (name == NULL || vars == NULL) {
		free(name);
		fputs("sluice rules: out of memory\n", stderr);
		return EXIT_FAULT;
	}
	name[sign - text] = '\0';
	vars[args->n_vars++] = (struct snort_var){name, name + (sign - text) + 1};
	return EXIT_OK;
}

static void args_fini(struct args *args) {
	for (uint32_t i = 0; i < args->n_vars; i++)
		free((char *)(uintptr_t)args->vars[i].name);
	free(args->vars);
}

// Returns -1 to go on, or the exit status.
static int read_args(struct args *args, int argc, char **argv) {
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},       {"explain", no_argument, NULL, 'e'},
		{"mode", required_argument, NULL, 'm'}, {"var", required_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},       {},
	};
	int c, status;
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			args->json = true;
			break;
		case 'e':
			args->explain = true;
			break;
		case 'm':
			args->block = strcmp(optarg, "block") == 0;
			if (args->block || strcmp(optarg, "stream") == 0)
				break;
			fprintf(stderr,
				"sluice rules: --mode %s: no such mode (accepted: stream, block)\n",
				optarg);
			return EXIT_USAGE;
		case 'v':
			status = add_var(args, optarg);
			if (status != EXIT_OK)
				return status;
			break;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (args->json && args->explain)
		fputs("sluice rules: --json is one line: it does not go with --explain\n\n",
		      stderr);
	else if (optind == argc)
		fputs("sluice rules: no file is named\n\n", stderr);
	else
		return -1;
	usage(stderr);
	return EXIT_USAGE;
}

int cmd_rules(int argc, char **argv) {
	struct args args = {};
	struct rule_files files = {};
	int status = read_args(&args, argc, argv);
	if (status < 0 && rule_files_init(&files) < 0) {
		fputs("sluice rules: out of memory\n", stderr);
		status = EXIT_FAULT;
	}
	if (status < 0)
		status = read_files(&files, &args, argv + optind, argc - optind);
	if (files.n_files > 0 && status == EXIT_OK)
		status = report(&files, &args);
	rule_files_fini(&files);
	args_fini(&args);
	return status;
}
