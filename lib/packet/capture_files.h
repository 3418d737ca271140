// Capture files one after the other: which of them is being read, how far all of them are, and the place to go
// on from another time. Internal to the capture-file source; one thread.
#pragma once

#include "packet/capture_file.h"
#include "packet/source.h"

#include <stdint.h>

struct filter;

struct capture_files {
	const char *const *paths; // borrowed
	uint32_t n_paths;
	uint32_t next; // to be opened when `file` has ended
	struct capture_file file; // being read; not open: none
	struct capture_file
		*piped; // owned; [n_paths]: open from the start, for they open only once
	uint64_t bytes_done; // of files that have ended
	uint64_t bytes_total; // 0: not known
	struct source_place place; // told last, without its digest
};

// Opens each file once, so that what is wrong with it is told before the first frame: `filter`, which may be
// NULL, must be able to run on all. 0 or -errno with err set; close in any case.
int capture_files_open(
	struct capture_files *f, const char *const *paths, uint32_t n, const struct filter *filter,
	struct err *err
);
void capture_files_close(struct capture_files *f);

// Makes the next file the present one, `frames` of all being ahead of it. 0, -ENODATA: that was the last, or
// another -errno with err set.
int capture_files_next(struct capture_files *f, uint64_t frames, struct err *err);

// Octets read of all.
uint64_t capture_files_taken(const struct capture_files *f);

// Here, where libpcap stands, is a place: `frames` are ahead of it.
void capture_files_mark(struct capture_files *f, uint64_t frames);

// As source_ops have them: the last place; back, ahead of the first capture_files_next, with err set.
void capture_files_place(const struct capture_files *f, struct source_place *out);
int capture_files_seek(struct capture_files *f, const struct source_place *to, struct err *err);
