// Tables are reserved at the start; open windows and connections take what they need, up to their bounds.

#include "sizing.h"

#include "app/streams.h"
#include "base/units.h"
#include "export/memory.h"
#include "flow/carry.h"
#include "flow/count_table.h"
#include "match/inspect.h"

#include <stdio.h>

struct line {
	char *to;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(l->to + l->len, SIZING_MAX - l->len, fmt, ap);
	va_end(ap);
	l->len += n > 0 ? (size_t)n : 0;
	l->len = l->len < SIZING_MAX ? l->len : SIZING_MAX - 1;
}

// With a digit behind the point where that says something.
static void add_scaled(struct line *l, uint64_t n, double unit, const char *const *names) {
	double value = (double)n;
	for (; value >= unit && names[1] != NULL; names++)
		value /= unit;
	add(l, "%.*f%s", value < 10 && value != (double)(uint64_t)value ? 1 : 0, value, names[0]);
}

static void add_octets(struct line *l, uint64_t octets) {
	static const char *const names[] = {"", "K", "M", "G", "T", NULL};
	add_scaled(l, octets, 1024, names);
}

static void add_count(struct line *l, uint64_t n) {
	static const char *const names[] = {"", " k", " M", " G", NULL};
	add_scaled(l, n, 1000, names);
}

static void add_tables(struct line *l, const struct pane_config *c, uint32_t workers) {
	uint64_t octets = flow_table_octets(c->rows), panes = c->active + c->spares;
	add(l, "%u worker%s x %u tables x ", workers, units_plural(workers), (uint32_t)panes);
	add_count(l, c->rows);
	add(l, " flows, ");
	add_octets(l, workers * panes * octets);
}

// Windows of so many packets; nothing, where there are none.
static void add_counts(struct line *l, const struct conf *conf, uint32_t workers) {
	struct count_config counts[CONF_MAX_STREAMS];
	uint32_t n = streams_counts(conf, counts);
	if (n == 0)
		return;
	add(l, "; count %u worker%s x %u table%s x ", workers, units_plural(workers), n,
	    units_plural(n));
	add_count(l, count_table_rows(counts[0].rows));
	add(l, " windows, ");
	add_octets(l, workers * n * count_table_octets(counts[0].rows));
}

// Of `octets` of open windows.
static void add_rows(struct line *l, uint64_t octets) {
	add_octets(l, octets);
	add(l, " for about ");
	add_count(l, octets / SUMS_ROW_OCTETS);
	add(l, " rows");
}

static void add_stream(struct line *l, const char *name, const struct memory_share *share) {
	if (share->windows > 0 || share->open > 0)
		add(l, "; stream %s ", name);
	if (share->windows > 0)
		add_rows(l, share->windows);
	if (share->open > 0) {
		add(l, "%s", share->windows > 0 ? " and " : "");
		add_octets(l, share->open);
		add(l, " for ");
		add_count(l, share->open / CARRY_OCTETS);
		add(l, " open");
	}
}

const char *sizing_text(const struct conf *conf, bool in_kernel, char *to) {
	struct line l = {.to = to};
	struct exporter_stream streams[CONF_MAX_STREAMS];
	struct memory_shares shares;
	bool corrects = conf->input.late == CONF_LATE_EMIT && !in_kernel;
	struct pane_config panes = streams_panes(conf, true), late = streams_late_panes(conf, true);
	uint32_t workers = in_kernel ? 1 : conf->input.workers;
	for (uint32_t i = 0; i < conf->n_streams; i++)
		streams[i] = streams_export(&conf->stream[i]);
	memory_share(
		&shares, streams, conf->n_streams, conf->flow.memory, corrects, conf->n_alerts > 0
	);
	to[0] = '\0';
	add(&l, "memory: ");
	add_tables(&l, &panes, workers);
	add(&l, " as they come; windows ");
	add_rows(&l, shares.windows);
	for (uint32_t i = 0; i < conf->n_streams; i++)
		add_stream(&l, conf->stream[i].name, &shares.stream[i]);
	add_counts(&l, conf, workers);
	if (corrects) {
		add(&l, "; corrections ");
		add_tables(&l, &late, workers);
		add(&l, ", and ");
		add_octets(&l, shares.late);
	}
	if (conf->match.rules.n > 0) {
		add(&l, "; tcp ");
		add_octets(&l, conf->match.stream_memory);
		add(&l, " for ");
		add_count(
			&l,
			(uint64_t)workers * inspect_connections(conf->match.stream_memory / workers)
		);
		add(&l, " connections");
	}
	return to;
}
