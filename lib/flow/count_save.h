// The open windows of workers' tables of so many packets, into a checkpoint and back. A record is one window,
// so that those of several tables may stand mixed, and workers may be others when they are loaded.
#pragma once

#include "base/state_io.h"
#include "flow/count_table.h"
#include "packet/share.h"

// Octets that an open window takes when it is saved.
#define COUNT_SAVED_OCTETS 152

// As base/state_io.h has it; `number` tells a worker's tables apart.
void count_table_save_begin(struct count_table *t, uint32_t number, struct state_writer *to);
bool count_table_save_step(struct count_table *t);
void count_table_save_end(struct count_table *t);

// A window of one of `n` tables, whose numbers are their places, of which the part of `share` is taken; all
// is taken where that is NULL. 0, also for records of other kinds, or with err set -EBADMSG, or -ENOMEM:
// the table is full.
int count_tables_load(
	struct count_table *t, uint32_t n, const struct state_record *r, const struct share *share,
	struct err *err
);

// For flow/count_table.c: as state_sweep_save.
void count_table_save(const void *x, uint32_t i, struct state_writer *to);
