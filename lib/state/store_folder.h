// The folder of a store: made, locked, and where its files are.
#pragma once

#include "base/err.h"

#include <sys/types.h>

#define STATE_FILE "sluice.state"

struct state_folder {
	char *file; // owned: the store's
	int lock; // held while it is open; -1: none
	dev_t dev; // of the file, once it was noted
	ino_t ino;
};

// 0 or -errno with err set.
int state_folder_open(struct state_folder *f, const char *folder, struct err *err);
void state_folder_close(struct state_folder *f);

// Makes the file, for its owner alone, where there is none: payload is in it. Failing that whoever opens it
// does.
void state_folder_make(const struct state_folder *f);

// Notes which file has the name; and whether it has it still: what is written to one that was removed is
// kept nowhere. 0 or -errno with err set.
int state_folder_note(struct state_folder *f, struct err *err);
int state_folder_holds(const struct state_folder *f, struct err *err);

// Renames the file, and what SQLite has beside it, to a name that tells `what` and the time; logs that, and
// why. 0 or -errno with err set.
int state_folder_aside(
	const struct state_folder *f, const char *what, const char *why, struct err *err
);
