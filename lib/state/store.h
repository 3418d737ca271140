// The store: one checkpoint in a folder, in an SQLite file that the next one replaces in one transaction.
// What is damaged, or of another version, is set aside under another name, and said; it is never used.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

// Of all records together: the number of what is in the file. It goes up when a record's layout changes in
// a way that its own version does not tell.
#define STATE_FORMAT 3

struct state_store; // one thread at a time

// What is known of a checkpoint beside its records.
struct state_meta {
	uint64_t number; // counts up
	bool finished; // the input was read to its end: there is nothing to go on with
	int64_t saved_us; // by the clock
	uint64_t octets; // of records, as they were saved
	char *asked; // owned; what has to be the same for a run to go on from it
	char *summary; // owned; of a finished run: its ledger
};
void state_meta_fini(struct state_meta *m);

// Whether this build keeps states at all. 0, or -ENOTSUP with err set: what is missing, and the cure.
int state_store_check_built(struct err *err);

// Makes the folder where it is not there, locks it against other runs, and looks at all that is in it. NULL
// with err set: cannot be written, in use, ...; what is set aside is told in the log.
struct state_store *state_store_open(const char *folder, struct err *err);
void state_store_close(struct state_store *s);

// The checkpoint that was found; NULL: none, or it was forgotten.
const struct state_meta *state_store_meta(const struct state_store *s);

// Gives all its records, some at a time, in the order of saving: buffers for base/state_io.h, aligned to 8.
// The first answer below 0 ends it and is returned; -errno with err set when the file cannot be read.
typedef int state_taker(void *ctx, const void *buffer, uint32_t len, struct err *err);
int state_store_read(struct state_store *s, state_taker *take, void *ctx, struct err *err);

// Nothing of what is there counts any more: the checkpoint is taken out. 0 or -errno with err set.
int state_store_forget(struct state_store *s, struct err *err);

// Another checkpoint: what was there stays until _commit, which returns once all of it is durable, and
// stays for good when anything fails: then _cancel. 0 or -errno with err set.
int state_store_begin(struct state_store *s, struct err *err);
int state_store_put(struct state_store *s, const void *buffer, uint32_t len, struct err *err);
int state_store_commit(struct state_store *s, const struct state_meta *m, struct err *err);
void state_store_cancel(struct state_store *s);

// Octets that the records put since _begin take up in the file, packed.
uint64_t state_store_stored(const struct state_store *s);
