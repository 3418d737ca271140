// A configuration file, read and taken apart by libini_config.
#pragma once

#include "entry.h"

// A file longer than this is something else.
#define CONF_FILE_MAX (16u << 20)

// Appends an entry with its value for each key of the file `report->file`, and one without for each
// section, in order of line. Every mistake of syntax is reported, all at once; only without any do
// the entries have values.
void conf_file_read(struct conf_report *report, struct conf_entries *entries);
