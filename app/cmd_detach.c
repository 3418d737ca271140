// `sluice detach`: removes from interfaces what XDP programs of runs that were killed are still there.

#include "commands.h"

#include "app/input/input.h"

#include <getopt.h>
#include <stdio.h>

static void usage(FILE *to) {
	fputs("usage: sluice detach INTERFACE...\n\n"
	      "Takes off what a killed run with input.xdp_attach = shared left on an interface:\n"
	      "its XDP program and its entries in the BPF file system. Programs of others stay\n"
	      "where they are, and so does the program of a run that goes on. The next run on\n"
	      "the interface does the same at its start. What input.xdp_attach = exclusive\n"
	      "attaches goes with its process, however that ends: there is nothing to detach.\n\n"
	      "  --help  this text\n\n"
	      "exit status: 0 nothing is left behind, 1 it could not be seen or removed,\n"
	      "2 bad usage\n",
	      to);
}

static int detach(const char *name) {
	char said[4096];
	struct err err = {};
	int rc = input_detach_xdp(name, said, sizeof(said), &err);
	fputs(said, stdout);
	fflush(stdout);
	if (rc == 0)
		return EXIT_OK;
	fprintf(stderr, "sluice detach: %s\n", err.text);
	return EXIT_FAULT;
}

int cmd_detach(int argc, char **argv) {
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int c, status = EXIT_OK;
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		usage(c == 'h' ? stdout : stderr);
		return c == 'h' ? EXIT_OK : EXIT_USAGE;
	}
	if (optind == argc) {
		fputs("sluice detach: no interface is named\n\n", stderr);
		usage(stderr);
		return EXIT_USAGE;
	}
	for (int i = optind; i < argc; i++)
		if (detach(argv[i]) != EXIT_OK)
			status = EXIT_FAULT;
	return status;
}
