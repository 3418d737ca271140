// Folders that files are in: made where there are none, and synced, so that what was made or renamed in them is
// still there when the power went. Any thread.
#pragma once

#include "base/err.h"

#include <sys/types.h>

// Makes a folder and those above it, with `mode` less the umask; what is there already stays as it is. 0, or
// -errno with err set, which names the one that could not be made.
int folder_make(const char *path, mode_t mode, struct err *err);

// The same for all that a file's path leads through.
int folder_make_above(const char *file, mode_t mode, struct err *err);

// What was made, renamed or removed in the folder that a file is in outlives a loss of power. 0, also where the
// file system does not sync folders, or -errno with err set.
int folder_sync_above(const char *file, struct err *err);
