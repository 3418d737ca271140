// TAP, as a test prints it that is a plain executable: one plan, and a line a fact. For one thread of one
// process; a child that was forked leaves it alone.
#pragma once

#include <stdbool.h>

// A fact, by its text: whether it holds.
void tap_ok(bool ok, const char *fact, ...) __attribute__((format(printf, 2, 3)));

// A fact that cannot be looked at here, and why not.
void tap_skip(const char *reason, const char *fact, ...) __attribute__((format(printf, 2, 3)));

// Whether a fact did not hold so far.
bool tap_failed(void);

// Prints the plan. Returns the exit status.
int tap_end(void);

// Instead of all facts: none can be looked at here. Returns the exit status.
int tap_skip_all(const char *reason);

// Ends the test at once: what it stands on is not there.
_Noreturn void tap_bail_out(const char *why, ...) __attribute__((format(printf, 1, 2)));
