// sluice check: everything that can be wrong with a configuration, without touching a device.

#include "commands.h"
#include "load.h"
#include "remarks.h"
#include "rule_load.h"
#include "rule_report.h"
#include "sizing.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

static void usage(FILE *to) {
	fprintf(to,
		"usage: sluice check [--set section.key=value]... CONF\n\n"
		"Validates the configuration and its rule files without touching a device, and\n"
		"prints the configuration with every default filled in, and what memory it takes.\n"
		"All errors are reported at once, each as\n"
		"FILE:LINE: section.key: VALUE: what is wrong (what is accepted).\n\n"
		"  --set section.key=value  as for sluice run\n"
		"  --help                   this text\n\n"
		"exit status: 0 valid, 1 it could not be told, 2 not valid, or bad usage\n");
}

static void print_fault(const char *text) {
	fprintf(stderr, "%s\n", text);
}

// Rule files are read whole, and not compiled: a rule that is refused is worth knowing, and an error
// only where the configuration says so.
static int check_rules(const struct conf *conf, const char *path) {
	struct err err = {};
	struct rule_files files;
	int ret = rule_load_files(conf, &files, print_fault, &err), status = EXIT_OK;
	bool strict = ret != -ENOMEM && rule_load_check(conf, &files, &err) < 0;
	if (ret == -ENOMEM
	    || rule_report_findings(&files, strict ? "error" : "warning", stderr) < 0) {
		fputs("sluice check: out of memory\n", stderr);
		status = EXIT_FAULT;
	} else if (strict) {
		fprintf(stderr, "%s: %s\n", path, err.text);
		status = EXIT_USAGE;
	} else if (ret < 0) {
		status = EXIT_USAGE;
	}
	rule_files_fini(&files);
	return status;
}

static void print_remark(void *path, const char *text) {
	fprintf(stderr, "%s: warning: %s\n", (const char *)path, text);
}

static void print_not_built(void *path, const char *text) {
	fprintf(stderr, "%s: warning: %s; sluice run refuses it\n", (const char *)path, text);
}

static bool in_kernel(const struct conf *conf) {
	return conf->input.backend == CONF_BACKEND_XDP && conf->input.xdp_mode == CONF_XDP_KERNEL;
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
		if (c == 's' && n_sets == 256)
			fputs("sluice check: more than 256 --set\n", stderr);
		if (c != 's' || n_sets == 256) {
			usage(stderr);
			return EXIT_USAGE;
		}
		sets[n_sets++] = optarg;
	}
	if (argc - optind != 1) {
		fprintf(stderr, "sluice check: %s\n\n",
			argc == optind ? "no configuration given"
				       : "more than one configuration given");
		usage(stderr);
		return EXIT_USAGE;
	}
	struct conf *conf = load_configuration(argv[optind], sets, n_sets);
	if (conf == NULL)
		return EXIT_USAGE;
	int status = check_rules(conf, argv[optind]);
	if (status == EXIT_OK) {
		char text[SIZING_MAX];
		remarks_not_built(conf, print_not_built, argv[optind]);
		remarks_unread(conf, print_remark, argv[optind]);
		conf_print(conf, stdout);
		printf("\n# %s\n", sizing_text(conf, in_kernel(conf), text));
	}
	conf_free(conf);
	return status;
}
