// `sluice stats`, `sluice reload`, `sluice checkpoint`, `sluice stop`: each asks a running instance one
// thing and prints what it said.

#include "commands.h"
#include "compile_wait.h"
#include "control_ask.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Longest that an instance may take to say what stands in its memory.
#define STATS_TIMEOUT_S 10

struct request {
	const char *command;
	const char *text;
	unsigned timeout_s;
	const char *waiting; // for what, as a person at a terminal is told; NULL: it takes no time
	bool json; // --json is an option of it
	const char *help;
};

#define SOCKET_HELP "  --socket PATH  control.socket of the instance (" CONTROL_SOCKET_DEFAULT ")\n"
#define STATUS_HELP \
	"exit status: 0 done, 1 it could not be done or nobody listens there,\n2 bad usage\n"

static const struct request stats = {
	"stats",
	"stats",
	STATS_TIMEOUT_S,
	NULL,
	true,
	"usage: sluice stats [--json] [--socket PATH]\n\n"
	"Asks a running instance for its ledger: what every frame so far came to.\n\n"
	"  --json         as --summary writes it\n" SOCKET_HELP
	"  --help         this text\n\n" STATUS_HELP};
static const struct request reload = {
	"reload",
	"reload",
	0,
	"the instance is reading its rules anew",
	false,
	"usage: sluice reload [--socket PATH]\n\n"
	"Has a running instance read its rule files anew, and waits until the workers use\n"
	"them, which costs no packet. Shows what became of the rules, as sluice rules\n"
	"does. When a file cannot be read, rules do not compile or are wrong as they are\n"
	"written, the rules stay as they were.\n\n" SOCKET_HELP
	"  --help         this text\n\n" STATUS_HELP};
static const struct request checkpoint = {
	"checkpoint",
	"checkpoint",
	0,
	"the instance is saving its state",
	false,
	"usage: sluice checkpoint [--socket PATH]\n\n"
	"Has a running instance save its state (state.path), and waits until it is on\n"
	"disk, which costs no packet. A run goes on from the last checkpoint when it is\n"
	"started again.\n\n" SOCKET_HELP "  --help         this text\n\n" STATUS_HELP};
static const struct request stop = {
	"stop",
	"stop",
	0,
	"the instance is finishing",
	false,
	"usage: sluice stop [--socket PATH]\n\n"
	"Ends a running instance as SIGTERM does, and waits until it has drained its\n"
	"input, emitted every open window and flushed every sink.\n\n" SOCKET_HELP
	"  --help         this text\n\n"
	"exit status: 0 it ended well, 1 it ended with a fault or nobody listens there,\n"
	"2 bad usage\n"};

static int ask(const struct request *r, const char *path, bool json) {
	char text[64], *answer;
	struct err err = {};
	snprintf(text, sizeof(text), "%s%s", r->text, json ? " json" : "");
	struct compile_wait wait;
	if (r->waiting != NULL)
		compile_wait_begin(&wait, 0, r->waiting, false);
	int ret = control_ask(path, text, r->timeout_s, &answer, &err);
	if (r->waiting != NULL)
		compile_wait_end(&wait);
	if (ret == CONTROL_SAID_OK)
		fputs(answer, stdout);
	else if (ret == CONTROL_SAID_ERROR)
		fprintf(stderr, "sluice %s: %s", r->command, answer);
	else if (ret == CONTROL_SAID_NOTHING)
		fprintf(stderr, "sluice %s: %s: the instance ended ahead of its answer\n",
			r->command, path);
	else
		fprintf(stderr, "sluice %s: %s\n", r->command, err.text);
	free(answer);
	return ret == CONTROL_SAID_OK ? EXIT_OK : EXIT_FAULT;
}

static int command(const struct request *r, int argc, char **argv) {
	const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{r->json ? "json" : NULL, no_argument, NULL, 'j'},
		{},
	};
	const char *path = CONTROL_SOCKET_DEFAULT;
	bool json = false;
	int c;
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(r->help, stdout);
			return EXIT_OK;
		default:
			fputs(r->help, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "sluice %s: unexpected argument \"%s\"\n\n%s", r->command,
			argv[optind], r->help);
		return EXIT_USAGE;
	}
	return ask(r, path, json);
}

int cmd_stats(int argc, char **argv) {
	return command(&stats, argc, argv);
}

int cmd_reload(int argc, char **argv) {
	return command(&reload, argc, argv);
}

int cmd_checkpoint(int argc, char **argv) {
	return command(&checkpoint, argc, argv);
}

int cmd_stop(int argc, char **argv) {
	return command(&stop, argc, argv);
}
