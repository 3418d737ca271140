// The commands of the program: each takes its own arguments (argv[0] is "sluice COMMAND") and
// returns the exit status: 0 done, 1 a fault while running, 2 bad usage or a bad configuration.
#pragma once

enum exit_status {
	EXIT_OK = 0,
	EXIT_FAULT = 1,
	EXIT_USAGE = 2,
};

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_inputs(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_reload(int argc, char **argv);
int cmd_checkpoint(int argc, char **argv);
int cmd_stop(int argc, char **argv);
