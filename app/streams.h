// What all configured streams ask for together.
#pragma once

#include "conf/conf.h"
#include "export/exporter.h"
#include "flow/count_table.h"
#include "flow/pane.h"

#include <stdint.h>

// FIELD_BIT()s of the finest key that any of them needs to count packets, and what it leaves out of
// addresses: not those with `rule` in their key, which count events.
uint32_t streams_fields(const struct conf *conf, struct key_cut *cut);

// How events are counted for those that have `rule` in their key; .rows 0: there is none.
struct rule_rows_config streams_rules(const struct conf *conf);

// Those with windows of so many packets, in order; what a worker adds is left out. Returns how many.
uint32_t streams_counts(const struct conf *conf, struct count_config counts[CONF_MAX_STREAMS]);

// What the exporter is told of a stream; the name is the configuration's.
struct exporter_stream streams_export(const struct conf_stream *stream);

// The widest pane that suits all their windows, in microseconds.
int64_t streams_pane_width(const struct conf *conf);

// The tables that a worker counts in; without `mem`.
struct pane_config streams_panes(const struct conf *conf, bool patient);

// And those of late packets for corrections, turn_us 0: there are none. Their turns are the widest of which
// each stream's batches are made.
struct pane_config streams_late_panes(const struct conf *conf, bool patient);
