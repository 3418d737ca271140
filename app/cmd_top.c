// `sluice top`: the ledger of a running instance as a screen that is drawn anew every second, with the
// rate since the last.

#include "commands.h"
#include "control.h"
#include "control_ask.h"
#include "terminal.h"

#include "base/units.h"

#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_S 10

static void usage(FILE *to) {
	fputs("usage: sluice top [--socket PATH]\n\n"
	      "Shows the ledger of a running instance once a second, until it ends or ^C.\n\n"
	      "  --socket PATH  control.socket of the instance (" CONTROL_SOCKET_DEFAULT ")\n"
	      "  --help         this text\n\n"
	      "exit status: 0 the instance has ended, 1 nobody listens there, 2 bad usage\n",
	      to);
}

struct sample {
	double elapsed_s, received, frames_lost, events;
};

// The number behind the first "name": in our own JSON.
static double number(const char *json, const char *name) {
	char key[32];
	snprintf(key, sizeof(key), "\"%s\":", name);
	const char *at = strstr(json, key);
	return at != NULL ? strtod(at + strlen(key), NULL) : 0;
}

// The rates of now; empty where there is nothing to compare with.
static void rates(const struct sample *now, const struct sample *before, char *buf, size_t len) {
	char packets[32], lost[32], events[32];
	double dt = now->elapsed_s - before->elapsed_s;
	buf[0] = '\0';
	if (before->elapsed_s <= 0 || dt <= 0)
		return;
	units_format_count((now->received - before->received) / dt, packets, sizeof(packets));
	units_format_count((now->frames_lost - before->frames_lost) / dt, lost, sizeof(lost));
	units_format_count((now->events - before->events) / dt, events, sizeof(events));
	snprintf(
		buf, len, "now: %s packets/s, %s/s shed or missed, %s match events/s\n", packets,
		lost, events
	);
}

// On a small screen the rates stay and the end of the ledger is left out.
static void draw(const char *text, const char *rate, bool screen) {
	struct terminal_size size = {UINT32_MAX, UINT32_MAX};
	if (screen)
		size = terminal_size(STDOUT_FILENO);
	fputs(screen ? "\033[H\033[J" : "\n", stdout);
	terminal_print_lines(text, &size, rate[0] != '\0', stdout);
	terminal_print_lines(rate, &size, 0, stdout);
}

// One screen. Returns 1 to go on, 0 when the instance has ended, negative when it cannot be asked.
static int show(const char *path, struct sample *last, bool screen, struct err *err) {
	char *json, *text;
	int ret = control_ask(path, "stats json", TIMEOUT_S, &json, err);
	if (ret != CONTROL_SAID_OK) {
		bool starting = ret > 0 && strcmp(json, CONTROL_STARTING) == 0;
		if (starting)
			draw(json, "", screen);
		free(json);
		return ret < 0 ? ret : starting && fflush(stdout) == 0;
	}
	// A stream may have any name, but not these members.
	const char *match = strstr(json, "\"match\":{\"rules\":");
	struct sample now = {
		number(json, "elapsed_s"), number(json, "received"),
		number(json, "shed") + number(json, "missed"),
		match != NULL ? number(match, "events") : 0};
	free(json);
	ret = control_ask(path, "stats", TIMEOUT_S, &text, err);
	if (ret == CONTROL_SAID_OK) {
		char rate[160];
		rates(&now, last, rate, sizeof(rate));
		draw(text, rate, screen);
		*last = now;
	}
	free(text);
	if (fflush(stdout) != 0 || ferror(stdout))
		return 0; // whoever read has seen enough
	return ret == CONTROL_SAID_OK ? 1 : ret < 0 ? ret : 0;
}

int cmd_top(int argc, char **argv) {
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	const char *path = CONTROL_SOCKET_DEFAULT;
	int c;
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 's') {
			path = optarg;
			continue;
		}
		usage(c == 'h' ? stdout : stderr);
		return c == 'h' ? EXIT_OK : EXIT_USAGE;
	}
	if (optind < argc) {
		fprintf(stderr, "sluice top: unexpected argument \"%s\"\n\n", argv[optind]);
		usage(stderr);
		return EXIT_USAGE;
	}
	struct sample last = {};
	struct err err = {};
	bool seen = false;
	int ret;
	while ((ret = show(path, &last, isatty(STDOUT_FILENO), &err)) == 1) {
		seen = true;
		poll(NULL, 0, 1000);
	}
	// Gone between two screens is an end, too.
	if (ret == 0 || seen)
		return EXIT_OK;
	fprintf(stderr, "sluice top: %s\n", err.text);
	return EXIT_FAULT;
}
