// Progress for a person: packets, rate, drops, windows, and a bar over the octets of the files.

#include "progress.h"

#include "app/ledger.h"
#include "app/run.h"
#include "base/log.h"
#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR 24

void progress_init(struct progress *p, const struct run *run) {
	*p = (struct progress){
		.on = isatty(STDERR_FILENO),
		.last_packets = run->resumed_at, // what runs before took came in no time
	};
	// Records on the same terminal would run into the line.
	for (uint32_t i = 0; i < run->conf->n_sinks; i++)
		if (run->conf->sink[i].path != NULL && strcmp(run->conf->sink[i].path, "-") == 0)
			p->on &= !isatty(STDOUT_FILENO);
}

static void bar(const struct ledger *l, char *buf, size_t len) {
	buf[0] = '\0';
	if (l->bytes_total == 0)
		return;
	double part = (double)l->bytes_read / (double)l->bytes_total;
	part = part > 1 ? 1 : part;
	char line[BAR + 1];
	memset(line, '.', BAR);
	memset(line, '#', (size_t)(part * BAR));
	line[BAR] = '\0';
	snprintf(buf, len, "[%s] %3.0f%%  ", line, part * 100);
}

void progress_show(struct progress *p, struct run *run) {
	if (!p->on)
		return;
	struct ledger l;
	ledger_read(run, &l);
	uint64_t received = l.tally.value[TALLY_RECEIVED], windows = 0;
	for (uint32_t i = 0; i < run->conf->n_streams; i++) {
		uint64_t st[STREAM_STAT_COUNT];
		exporter_stream_stats(run->exporter, i, st);
		windows += st[STREAM_WINDOWS];
	}
	double dt = l.elapsed_s - p->last_s;
	char packets[32], rate[32], bars[BAR + 16];
	units_format_count((double)received, packets, sizeof(packets));
	units_format_count(
		dt > 0 ? (double)(received - p->last_packets) / dt : 0, rate, sizeof(rate)
	);
	char skip[80] = "", frames[32];
	if (l.to_skip > 0) {
		units_format_count((double)l.to_skip, frames, sizeof(frames));
		snprintf(skip, sizeof(skip), "reading over %s frames taken before  ", frames);
	}
	bar(&l, bars, sizeof(bars));
	p->last_packets = received;
	p->last_s = l.elapsed_s;
	log_set_progress(1);
	fprintf(stderr, "\r\033[K%s%s%s packets  %s/s  dropped %" PRIu64 "  windows %" PRIu64, bars,
		skip, packets, rate, l.verdict[VERDICT_SHED] + l.missed, windows);
	if (run->rules_version > 0)
		fprintf(stderr, "  events %" PRIu64, l.tally.value[TALLY_MATCH_EVENTS]);
	fflush(stderr);
}

void progress_clear(struct progress *p) {
	if (!p->on)
		return;
	log_set_progress(0);
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
}
