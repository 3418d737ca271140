// A file that records are appended to, whole lines at a time, and that may be rotated: the finished
// file gets a name of its own by an atomic rename, the configured name is always the current one.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct out_file_config {
	const char *path; // "-": standard output; borrowed
	uint64_t rotate_size; // octets; 0: never
	int64_t rotate_every_us; // by the clock; 0: never
};

struct out_file {
	struct out_file_config conf;
	int fd;
	bool regular; // can be cut back and rotated
	uint64_t size; // octets in the current file
	int64_t opened_us; // when the current file was begun, by the clock
	uint32_t rotations;
};

// Opens for appending, making the folders of the path as needed. 0 or -errno with err set.
int out_file_open(struct out_file *f, const struct out_file_config *conf, struct err *err);

// Writes all of it. On an error what was written of it is cut off again (regular files), so that
// no half line stays. 0 or -errno with err set.
int out_file_write(struct out_file *f, const void *data, uint64_t len, struct err *err);

// Rotates if it is time. To be called between lines. 0 or -errno with err set: the old file goes on.
int out_file_rotate(struct out_file *f, struct err *err);

// fsync, where the file is one that can be.
int out_file_sync(struct out_file *f, struct err *err);
void out_file_close(struct out_file *f);
