// A first look at the text of a configuration, line by line: where each section and key stands, and
// the mistakes that libini_config takes in silence or answers without a line (NUL, octets that are
// not UTF-8, odd letters in a name, keys ahead of any section, repeated names).
#pragma once

#include "entry.h"

// More sections and keys than this are no configuration, and libini_config looks each one up by
// walking over all of them.
#define CONF_SCAN_MAX 4096

// Appends an entry for each section and key found, in order of line; keys carry the names of their
// section and their value as it stands there. A section's name is split at its first blank. Lines
// with a mistake are reported and overwritten with blanks, so that nobody reports them again.
// Returns 0, -E2BIG (reported) for a text with too many names, or -ENOMEM (reported).
int conf_scan(char *text, size_t len, struct conf_report *report, struct conf_entries *entries);
