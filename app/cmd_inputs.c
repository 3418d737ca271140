// `sluice inputs`: which backends this build and this machine can run, and for each that cannot, why
// and what would make it work.

#include "commands.h"

#include "app/input/input.h"

#include <stdio.h>
#include <string.h>

static void usage(FILE *to) {
	fputs("usage: sluice inputs\n\n"
	      "Shows which input backends this build has and this machine can run, what each of\n"
	      "them could read from, and for what does not work why and what would make it\n"
	      "work. Nothing is opened, bound or reserved by it.\n\n"
	      "  --help  this text\n\n"
	      "exit status: 0 done, 1 it could not be printed, 2 bad usage\n",
	      to);
}

static void print(const struct input_report *r, const char *missing) {
	printf("%-6s %s\n", r->name,
	       !r->built         ? missing
		       : r->able ? "able"
				 : "built, but not able here");
	for (const char *line = r->text; *line != '\0';) {
		size_t n = strcspn(line, "\n");
		printf("       %.*s\n", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

int cmd_inputs(int argc, char **argv) {
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		usage(stdout);
		return EXIT_OK;
	}
	if (argc > 1) {
		fprintf(stderr, "sluice inputs: unexpected argument \"%s\"\n\n", argv[1]);
		usage(stderr);
		return EXIT_USAGE;
	}
	struct input_report r;
	input_report_dpdk(&r);
	print(&r, "not part of this build");
	input_report_xdp(&r);
	print(&r, "not part of this build");
	input_report_pcap(&r);
	print(&r, "not part of this build");
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("sluice inputs: stdout");
		return EXIT_FAULT;
	}
	return EXIT_OK;
}
