// The kinds of sinks, one file each.
#pragma once

#include "export/out_file.h"
#include "export/record_eve.h"
#include "export/sink.h"

// JSON Lines to a file or standard output. NULL with err set: it cannot be opened.
struct sink *sink_json_new(const struct out_file_config *conf, struct err *err);

// Alerts as EVE records to a file or standard output. `ifaces` is borrowed, and may be filled in until the
// first alert. NULL with err set: it cannot be opened.
struct sink *
sink_eve_new(const struct out_file_config *conf, const struct eve_ifaces *ifaces, struct err *err);

// Takes every window and keeps nothing: for measuring. NULL with err set when out of memory.
struct sink *sink_null_new(struct err *err);
