// A file that records are appended to, whole lines at a time, and that may be rotated: the finished
// file gets a name of its own by an atomic rename, the configured name is always the current one.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUT_MARK_NAME_MAX 1024

// A file up to some length, as it is known again: by what it is on this disk or, copied, by its last octets.
struct out_place {
	uint64_t dev, ino;
	uint64_t size;
	uint64_t tail; // digest of the last octets of them, at most OUT_TAIL
};

#define OUT_TAIL 4096

struct out_file_config {
	const char *path; // "-": standard output; borrowed
	uint64_t rotate_size; // octets; 0: never
	int64_t rotate_every_us; // by the clock; 0: never
	bool marked; // there are checkpoints, of which rotations are a part (out_mark.h)
};

struct out_file {
	struct out_file_config conf;
	int fd;
	bool regular; // can be cut back and rotated
	bool unsynced; // fsync failed
	uint64_t size; // octets in the current file
	int64_t opened_us; // when the current file was begun, CLOCK_MONOTONIC
	uint32_t rotations;
	// out_mark.h: the present file is called PATH.next until `finished` has its name.
	bool rotating;
	struct out_place finished;
	char finished_name[OUT_MARK_NAME_MAX];
};

// Opens for appending, making the folders of the path as needed. 0 or -errno with err set.
int out_file_open(struct out_file *f, const struct out_file_config *conf, struct err *err);

// Writes all of it. On an error what was written of it is cut off again (regular files), so that
// no half line stays. 0 or -errno with err set.
int out_file_write(struct out_file *f, const void *data, uint64_t len, struct err *err);

// Rotates if it is time. To be called between lines. 0 or -errno with err set: the old file goes on.
int out_file_rotate(struct out_file *f, struct err *err);

// fsync, where the file is one that can be. 0 or -EIO with err set: what was written before may never reach the
// disk; the kernel tells that once, each further call does, too.
int out_file_sync(struct out_file *f, struct err *err);
void out_file_close(struct out_file *f);

// For out_mark.c: takes what is open as the current file, from now; whether it is time to rotate; a name
// that no file has yet, 0 or -1: too long.
void out_file_look(struct out_file *f);
bool out_file_rotation_due(const struct out_file *f);
int out_file_finished_name(const struct out_file *f, char *name, size_t len);
