// The kinds of sinks, one file each.
#pragma once

#include "export/out_file.h"
#include "export/sink.h"

// JSON Lines to a file or standard output. NULL with err set: it cannot be opened.
struct sink *sink_json_new(const struct out_file_config *conf, struct err *err);

// Takes everything and keeps nothing: for measuring. NULL with err set when out of memory.
struct sink *sink_null_new(struct err *err);
