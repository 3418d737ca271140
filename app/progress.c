// Progress for a person: packets, rate, drops, windows, and a bar over the octets of the files.

#include "progress.h"

#include "app/ledger.h"
#include "app/run.h"
#include "app/terminal.h"
#include "base/log.h"
#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR 24
#define BAR_MIN 6
#define AROUND 9 // brackets, percentage and blanks

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

// As long as there is room for, `room` characters with the percentage behind it; without one where that would
// be short.
static void bar(const struct ledger *l, uint32_t room, char *buf, size_t len) {
	buf[0] = '\0';
	if (l->bytes_total == 0)
		return;
	double part = (double)l->bytes_read / (double)l->bytes_total;
	part = part > 1 ? 1 : part;
	uint32_t n = room > AROUND ? room - AROUND : 0;
	n = n > BAR ? BAR : n;
	char line[BAR + 1];
	memset(line, '.', n);
	memset(line, '#', (size_t)(part * n));
	line[n] = '\0';
	if (n >= BAR_MIN)
		snprintf(buf, len, "[%s] %3.0f%%  ", line, part * 100);
	else
		snprintf(buf, len, "%3.0f%%  ", part * 100);
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
	char packets[32], rate[32], events[32] = "", line[256], bars[BAR + 16],
				    shown[sizeof(line) + sizeof(bars)];
	units_format_count((double)received, packets, sizeof(packets));
	units_format_count(
		dt > 0 ? (double)(received - p->last_packets) / dt : 0, rate, sizeof(rate)
	);
	char skip[80] = "", frames[32];
	if (l.to_skip > 0) {
		units_format_count((double)l.to_skip, frames, sizeof(frames));
		snprintf(skip, sizeof(skip), "reading over %s frames taken before  ", frames);
	}
	p->last_packets = received;
	p->last_s = l.elapsed_s;
	if (run->rules_version > 0)
		snprintf(
			events, sizeof(events), "  events %" PRIu64,
			l.tally.value[TALLY_MATCH_EVENTS]
		);
	int n = snprintf(
		line, sizeof(line),
		"%s%s packets  %s/s  dropped %" PRIu64 "  windows %" PRIu64 "%s", skip, packets,
		rate, l.verdict[VERDICT_SHED] + l.missed, windows, events
	);
	// In the last column some terminals begin a new line.
	uint32_t columns = terminal_size(STDERR_FILENO).columns - 1, length = (uint32_t)n;
	bar(&l, columns > length ? columns - length : 0, bars, sizeof(bars));
	int all = snprintf(shown, sizeof(shown), "%s%s", bars, line);
	log_set_progress(1);
	// At once: half a line is not to be seen.
	fprintf(stderr, "\r\033[K%.*s", (int)terminal_fit(shown, (size_t)all, columns), shown);
	fflush(stderr);
}

void progress_clear(struct progress *p) {
	if (!p->on)
		return;
	log_set_progress(0);
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
}
