// The folder of a store: made, locked, and where its files are.
#pragma once

#include "base/err.h"

#define STATE_FILE "sluice.state"

struct state_folder {
	char *file; // owned: the store's
	int lock; // held while it is open; -1: none
};

// 0 or -errno with err set.
int state_folder_open(struct state_folder *f, const char *folder, struct err *err);
void state_folder_close(struct state_folder *f);

// Renames the file, and what SQLite has beside it, to a name that tells `what` and the time; logs that, and
// why. 0 or -errno with err set.
int state_folder_aside(
	const struct state_folder *f, const char *what, const char *why, struct err *err
);
