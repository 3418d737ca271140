// Lines on their way to a file: they gather in a buffer that is written whole lines at a time. What a full
// disk or a closed pipe refuses is counted as dropped, none is written in part. What sinks that write
// lines have in common.
#pragma once

#include "export/out_file.h"
#include "export/out_mark.h"
#include "export/sink.h"

#define LINE_FILE_BUFFER 262144

struct line_file {
	struct out_file file;
	struct sink_stats *stats; // the sink's
	uint32_t used; // octets in the buffer
	uint32_t lines; // in the buffer
	char buffer[LINE_FILE_BUFFER];
};

// 0 or -errno with err set: nothing to close then.
int line_file_open(
	struct line_file *l, const struct out_file_config *conf, struct sink_stats *stats,
	struct err *err
);

// Room for a line of at most `max` octets with its newline, at most LINE_FILE_BUFFER; *fault becomes
// -errno with err set when what was written to make it could not be.
char *line_file_room(struct line_file *l, uint32_t max, int *fault, struct err *err);

// The line is there, up to `end`.
void line_file_add(struct line_file *l, const char *end);

// A good place to begin another file, if that is due. 0 or -errno with err set.
int line_file_pause(struct line_file *l, struct err *err);

// Everything to the file. 0 or -errno with err set: what could not be written was counted dropped.
int line_file_drain(struct line_file *l, struct err *err);

// Everything to the file, then its mark. 0 or -errno with err set, as out_file_mark; what could not be written
// was counted dropped, with err set, and does not keep the mark from being made.
int line_file_mark(struct line_file *l, struct out_mark *mark, struct err *err);

// As out_file_sync.
int line_file_sync(struct line_file *l, struct err *err);
void line_file_close(struct line_file *l);
