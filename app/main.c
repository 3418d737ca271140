// The program's entry: picks the command and prints the overall help.

#include "commands.h"
#include "version.h"

#include "base/log.h"
#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"run", cmd_run, "process packets as a configuration says, until the input ends"},
	{"check", cmd_check, "validate a configuration, print it with all defaults"},
	{"inputs", cmd_inputs, "which inputs this build and machine can run, and why not"},
	{"detach", cmd_detach, "take off what XDP programs of killed runs are still there"},
	{"rules", cmd_rules, "parse rule files: what is accepted, what is refused and why"},
	{"stats", cmd_stats, "ask a running instance what became of its packets"},
	{"top", cmd_top, "the same as a screen, once a second"},
	{"reload", cmd_reload, "have a running instance read its rule files anew"},
	{"checkpoint", cmd_checkpoint, "have a running instance save its state"},
	{"stop", cmd_stop, "end a running instance, and wait until all is written"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *to) {
	fprintf(to,
		"usage: sluice COMMAND [ARGUMENT]...\n\n"
		"Counts flows in event-time windows and matches payloads against patterns.\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(to,
		"\n  --help     this text; sluice COMMAND --help tells about a command\n"
		"  --version  version and the parts of this build\n\n"
		"exit status: 0 done, 1 a fault while running, 2 bad usage or bad configuration\n"
		"SLUICE_LOG=error|warn|info|debug sets how much is logged to stderr (info)\n");
}

static void set_log_level(void) {
	static const char *const levels[] = {"error", "warn", "info", "debug"};
	const char *want = getenv("SLUICE_LOG");
	if (want == NULL || want[0] == '\0')
		return;
	for (int i = 0; i < 4; i++) {
		if (strcmp(want, levels[i]) == 0) {
			log_set_level((enum log_level)i);
			return;
		}
	}
	log_warn("SLUICE_LOG: %s: no such level (accepted: error, warn, info, debug)", want);
}

// A standard stream that is closed would be taken by the next file that is opened, and records or
// messages end up in it. What stands in for it refuses to be used.
static void hold_standard_streams(void) {
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

// Text that was printed and could not be written is a fault; a reader that has seen enough is none, also
// where that was noticed long ago.
static int finish(int status) {
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE)
		return status;
	if (errno == 0 && poll(&out, 1, 0) == 1 && (out.revents & POLLERR))
		return status;
	log_error("standard output: %s", errno != 0 ? strerror(errno) : "not all was written");
	return status == EXIT_OK ? EXIT_FAULT : status;
}

// The build may ask for more than the machine has: said here rather than by SIGILL.
static bool processor_suffices(void) {
#if defined(__AES__) && defined(__x86_64__)
	if (!__builtin_cpu_supports("aes")) {
		fprintf(stderr,
			"sluice: this processor has no AES instructions; build with "
			"meson setup -Dcpu=x86-64-v2\n");
		return false;
	}
#endif
	return true;
}

// getopt_long begins what it has to say with argv[0].
static int run_command(const struct command *command, int argc, char **argv) {
	char name[32];
	snprintf(name, sizeof(name), "sluice %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

static void refuse_command(const char *name) {
	const char *names[COMMANDS];
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	const char *near = conf_nearest(name, names, COMMANDS);
	fprintf(stderr, "sluice: %s: unknown command%s%s%s (accepted: ", name,
		near != NULL ? ", did you mean " : "", near != NULL ? near : "",
		near != NULL ? "?" : "");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "%s, ", names[i]);
	fputs("--help, --version)\n", stderr);
}

int main(int argc, char **argv) {
	hold_standard_streams();
	if (!processor_suffices())
		return EXIT_FAULT;
	// A sink whose reader is gone is an error of that sink, not the end of the process.
	signal(SIGPIPE, SIG_IGN);
	set_log_level();
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0
	    || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return finish(EXIT_OK);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("sluice %s\n%s", SLUICE_VERSION, SLUICE_PARTS);
		return finish(EXIT_OK);
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return finish(run_command(&commands[i], argc - 1, argv + 1));
	refuse_command(argv[1]);
	return EXIT_USAGE;
}
