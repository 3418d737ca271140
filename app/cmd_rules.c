// `sluice rules`: reads rule files as `sluice run` would, compiles them, and says how many rules were
// accepted and which were refused, where and why.

#include "commands.h"
#include "compile_wait.h"
#include "rule_list.h"

#include "match/detect_explain.h"
#include "match/matcher.h"
#include "match/ruleset.h"
#include "match/snort_file.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct args {
	bool json, explain;
	struct snort_var *vars; // owned; the names too, values lie behind them
	uint32_t n_vars;
};

static void usage(FILE *to) {
	fputs("usage: sluice rules [--json] [--explain] [--var NAME=VALUE]... FILE...\n\n"
	      "Reads rule files and compiles them, and shows how many rules were accepted and each that\n"
	      "was refused, as FILE:LINE: ID: reason. A file whose name ends in .rules holds rules in\n"
	      "Snort's and Suricata's syntax, any other hsbench patterns, one a line:\n"
	      "id:/regex/flags{min_offset=..,max_offset=..,min_length=..,edit_distance=..}\n\n"
	      "  --json            one line: {\"accepted\":N,\"refused\":N,\"reasons\":{\"<reason>\":N}}\n"
	      "  --explain         for .rules also: which packets are scanned for which group of rules,\n"
	      "                    what the groups hold, their sizes, rules without a gate\n"
	      "  --var NAME=VALUE  what $NAME stands for in .rules, ahead of what the files say\n"
	      "  --help            this text\n\n"
	      "exit status: 0 the files could be read (whatever was refused), 1 a fault, 2 bad usage or\n"
	      "a file that cannot be read\n",
	      to);
}

static bool is_snort(const char *path) {
	size_t len = strlen(path);
	return len >= 6 && strcmp(path + len - 6, ".rules") == 0;
}

struct sets {
	struct ruleset *patterns;
	struct snort_rules rules;
};

// Every file that cannot be read is named, not only the first.
static int read_files(struct sets *s, const struct args *args, char **paths, int n) {
	const struct snort_vars vars = {.vars = args->vars, .n = args->n_vars};
	struct err err = {};
	int status = EXIT_OK;
	for (int i = 0; i < n; i++) {
		int ret = is_snort(paths[i]) ? snort_file_read(paths[i], &vars, &s->rules, &err)
					     : ruleset_add_file(s->patterns, paths[i], &err);
		if (ret < 0) {
			fprintf(stderr, "sluice rules: %s\n", err.text);
			status = EXIT_USAGE;
		}
	}
	return status;
}

static int compile_patterns(struct ruleset *rs, struct err *err) {
	struct matcher_config conf = {};
	struct compile_wait wait;
	compile_wait_begin(&wait, rs->n_patterns, "patterns");
	struct matcher *m = matcher_new(rs, &conf, err);
	compile_wait_end(&wait);
	bool failed = m == NULL;
	matcher_free(m);
	return failed ? EXIT_FAULT : EXIT_OK;
}

static struct detect *compile_rules(struct snort_rules *rs, struct err *err) {
	struct compile_wait wait;
	const struct detect_config conf = {.progress = compile_wait_progress, .ctx = &wait};
	compile_wait_begin(&wait, rs->n_rules, "rules");
	struct detect *d = detect_new(rs, &conf, err);
	compile_wait_end(&wait);
	return d;
}

// Returns 0 or -ENOMEM.
static int print(const struct sets *s, const struct detect *d, const struct args *args) {
	struct rule_list lists[2] = {};
	int ret = rule_list_of_patterns(&lists[0], s->patterns);
	if (ret == 0)
		ret = rule_list_of_rules(&lists[1], &s->rules);
	if (ret == 0 && args->json)
		ret = rule_lists_json(lists, 2, stdout);
	else if (ret == 0)
		rule_lists_text(lists, 2, UINT32_MAX, stdout);
	if (ret == 0 && args->explain && d != NULL) {
		fputc('\n', stdout);
		detect_explain(d, stdout);
	}
	rule_list_fini(&lists[0]);
	rule_list_fini(&lists[1]);
	return ret;
}

static int report(struct sets *s, const struct args *args) {
	struct err err = {};
	struct detect *d = NULL;
	int status = s->patterns->n_files > 0 ? compile_patterns(s->patterns, &err) : EXIT_OK;
	if (status == EXIT_OK && s->rules.n_files > 0) {
		d = compile_rules(&s->rules, &err);
		status = d != NULL ? EXIT_OK : EXIT_FAULT;
	}
	if (status != EXIT_OK) {
		fprintf(stderr, "sluice rules: %s\n", err.text);
	} else if (print(s, d, args) < 0) {
		fputs("sluice rules: out of memory\n", stderr);
		status = EXIT_FAULT;
	} else if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("sluice rules: stdout");
		status = EXIT_FAULT;
	}
	detect_free(d);
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
		{"json", no_argument, NULL, 'j'},
		{"explain", no_argument, NULL, 'e'},
		{"var", required_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{},
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
	struct sets sets = {};
	int status = read_args(&args, argc, argv);
	if (status < 0) {
		sets.patterns = ruleset_new();
		status = sets.patterns != NULL
			? read_files(&sets, &args, argv + optind, argc - optind)
			: EXIT_FAULT;
		if (sets.patterns == NULL)
			fputs("sluice rules: out of memory\n", stderr);
		else if (status == EXIT_OK)
			status = report(&sets, &args);
	}
	ruleset_free(sets.patterns);
	snort_rules_fini(&sets.rules);
	args_fini(&args);
	return status;
}
