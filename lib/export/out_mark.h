// Where a checkpoint finds an output file, and how the file is brought back there: what was written behind
// it is cut off.
#pragma once

#include "export/out_file.h"

struct out_mark {
	struct out_place now; // the file that is written to
	// A file that is finished and is to get its name once the checkpoint is kept; the present one is
	// called PATH.next until then.
	uint32_t rotates; // 1: there is one
	uint32_t unused;
	struct out_place finished;
	char name[OUT_MARK_NAME_MAX]; // of it
};

// Syncs, and says where the file is. Where a rotation is due, the next file is begun. 0 or -errno with err set,
// -EIO where what was written before may be lost.
int out_file_mark(struct out_file *f, struct out_mark *mark, struct err *err);

// The checkpoint of the last mark is kept: a finished file gets its name. 0 or -errno with err set: it is
// tried again behind the next one.
int out_file_kept(struct out_file *f, struct err *err);

// Makes up for renames that were to follow a checkpoint, which is kept: of the file with the configured name
// `path`. 1: done, 0: there were none to do, -errno with err set.
int out_mark_settle(const char *path, const struct out_mark *mark, struct err *err);

// Behind opening: back to where a checkpoint left the file; NULL: there is none, what a killed run left
// begun is joined. 0 or -errno with err set: the file is not the one that is meant, and is as it was.
int out_file_cut(struct out_file *f, const struct out_mark *mark, struct err *err);
