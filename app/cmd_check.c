// sluice check: everything that can be wrong with a configuration, without touching a device.

#include "commands.h"
#include "load.h"

#include "match/ruleset.h"

#include <getopt.h>
#include <stdio.h>

static void usage(FILE *to) {
	fprintf(to,
		"usage: sluice check [--set section.key=value]... CONF\n\n"
		"Validates the configuration and its rule files without touching a device, and prints the\n"
		"configuration with every default filled in. All errors are reported at once, each as\n"
		"FILE:LINE: section.key: VALUE: what is wrong (what is accepted).\n\n"
		"  --set section.key=value  as for sluice run\n"
		"  --help                   this text\n\n"
		"exit status: 0 valid, 2 not valid\n");
}

// Rule files are read whole: a pattern that cannot be read is worth knowing, but is no error.
static int check_rules(const struct conf *conf) {
	struct err err = {0};
	int status = EXIT_OK;
	struct ruleset *rs = ruleset_new();
	for (uint32_t i = 0; rs != NULL && i < conf->match.rules.n; i++) {
		if (ruleset_add_file(rs, conf->match.rules.item[i], &err) < 0) {
			fprintf(stderr, "%s\n", err.text);
			status = EXIT_USAGE;
		}
	}
	for (uint32_t i = 0; rs != NULL && i < rs->n_refusals; i++) {
		const struct refusal *r = &rs->refusals[i];
		fprintf(stderr, "%s:%u: warning: rule%s%s refused: %s\n", rs->files[r->file],
			r->line, r->rule[0] != '\0' ? " " : "", r->rule, r->reason);
	}
	ruleset_free(rs);
	return status;
}

int cmd_check(int argc, char **argv) {
	static const struct option options[] = {
		{"set", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *sets[256];
	uint32_t n_sets = 0;
	int c;
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		}
		if (c != 's' || n_sets == 256) {
			usage(stderr);
			return EXIT_USAGE;
		}
		sets[n_sets++] = optarg;
	}
	if (argc - optind != 1) {
		usage(stderr);
		return EXIT_USAGE;
	}
	struct conf *conf = load_configuration(argv[optind], sets, n_sets);
	if (conf == NULL)
		return EXIT_USAGE;
	int status = check_rules(conf);
	if (status == EXIT_OK)
		conf_print(conf, stdout);
	conf_free(conf);
	return status;
}
