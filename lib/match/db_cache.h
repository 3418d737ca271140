// A folder of values kept from one run to the next, each under a key of any length. A file holds the
// whole key, so that neither the digest in its name nor what somebody left there is ever trusted.
#pragma once

#include "base/err.h"

#include <stdint.h>

// Makes the folder (and those it is in) with mode 0700 where there is none, and sees whether it can be read.
// Returns 0 or -errno with err set.
int db_cache_open(const char *dir, struct err *err);

// Finds the value that was stored under `key`. Returns 0 (*value to be freed), -ENOENT (there is
// none), -EBADMSG (the file is damaged, of another key or version, or writable by others),
// -ENOMEM or another -errno of reading it.
int db_cache_load(
	const char *dir, const void *key, uint64_t key_len, void **value, uint64_t *value_len
);

// Stores a value, in one step that a reader or a crash sees wholly or not at all. Makes the folder
// (and those it is in) with mode 0700 where there is none. Returns 0 or -errno with err set.
int db_cache_store(
	const char *dir, const void *key, uint64_t key_len, const void *value, uint64_t value_len,
	struct err *err
);
