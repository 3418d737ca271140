// The ledger: reading it together and printing it.

#include "ledger.h"

#include "app/alerts.h"
#include "app/match_report.h"
#include "app/run.h"
#include "base/units.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static void add(struct tally *sum, struct counters *c) {
	uint64_t v[TALLY_COUNT];
	counters_read(c, v, TALLY_COUNT);
	for (int i = 0; i < TALLY_COUNT; i++)
		sum->value[i] += v[i];
}

// As the contract lists them, which is not the order in which they are given.
static const enum verdict print_order[] = {
	VERDICT_COUNTED,  VERDICT_NON_IP, VERDICT_MALFORMED,
	VERDICT_FILTERED, VERDICT_LATE,   VERDICT_SHED,
};
static_assert(sizeof(print_order) / sizeof(print_order[0]) == VERDICT_COUNT);

static double elapsed(struct run *run) {
	uint64_t end = atomic_load(&run->end_ns);
	if (end == 0) {
		struct timespec ts;
		clock_gettime(CLOCK_MONOTONIC, &ts);
		end = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	}
	return (double)(end - run->start_ns) / 1e9;
}

void ledger_read(struct run *run, struct ledger *l) {
	*l = (struct ledger
	){.elapsed_s = elapsed(run), .tally = run->base, .missed = run->base_missed};
	for (uint32_t i = 0; i < run->n_workers; i++) {
		struct inspect_stats match;
		add(&l->tally, &run->workers[i].published);
		if (!worker_matches(&run->workers[i]))
			continue;
		worker_match_stats(&run->workers[i], &match);
		match_report_add(&l->match, &match);
	}
	if (run->receiver != NULL)
		add(&l->tally, &run->receiver->published);
	if (run->collector != NULL)
		add(&l->tally, &run->collector->published);
	uint64_t sum = 0;
	for (int r = 0; r < REASON_COUNT; r++) {
		l->verdict[reason_verdict(r)] += l->tally.value[TALLY_REASON + r];
		sum += l->tally.value[TALLY_REASON + r];
	}
	l->balanced = sum == l->tally.value[TALLY_RECEIVED];
	for (uint32_t i = 0; i < run->input->n_sources; i++) {
		struct source *src = run->input->sources[i];
		struct source_stats st = {0};
		src->ops->stats(src, &st);
		l->missed += st.missed;
		l->bytes_read += st.bytes_read;
		l->bytes_total += st.bytes_total;
		l->to_skip += st.to_skip;
	}
	if (run->input->counts != NULL) {
		struct source_stats st = {0};
		run->input->counts->ops->stats(run->input->counts, &st);
		l->missed += st.missed;
	}
}

static void print_match(struct run *run, const struct ledger *l, FILE *to) {
	uint64_t alerts[ALERTS_STAT_COUNT];
	exporter_alert_stats(run->exporter, alerts);
	fprintf(to,
		"\"match\":{\"rules\":%u,\"events\":%" PRIu64 ",\"alerts\":%" PRIu64
		",\"alerts_suppressed\":%" PRIu64 ",\"alerts_dropped\":%" PRIu64
		",\"version\":%u,\"reloads\":%" PRIu64 ",\"reloads_failed\":%" PRIu64
		",\"uncounted\":%" PRIu64,
		run->n_rules, l->tally.value[TALLY_MATCH_EVENTS], alerts[ALERTS_OUT],
		alerts[ALERTS_SUPPRESSED], l->tally.value[TALLY_ALERTS_DROPPED], run->rules_version,
		run->reloads, run->reloads_failed, l->tally.value[TALLY_UNCOUNTED]);
	if (run->rules_version > 0)
		match_report_json(&l->match, to);
	fprintf(to, "}");
}

static void print_watches(struct run *run, FILE *to) {
	const struct conf *conf = run->conf;
	fprintf(to, "\"alerts\":{");
	for (uint32_t i = 0; i < conf->n_alerts; i++) {
		uint64_t st[WATCH_STAT_COUNT];
		exporter_watch_stats(run->exporter, i, st);
		fprintf(to,
			"%s\"%s\":{\"fired\":%" PRIu64 ",\"suppressed\":%" PRIu64
			",\"no_room\":%" PRIu64 "}",
			i > 0 ? "," : "", conf->alert[i].name, st[WATCH_FIRED],
			st[WATCH_SUPPRESSED], st[WATCH_NO_ROOM]);
	}
	fprintf(to, "},");
}

void ledger_print_json(struct run *run, const struct ledger *l, FILE *to) {
	ledger_print_json_at(run, l, run->resumed_at, to);
}

// What every frame came to: the beginning of the object.
static void print_frames(
	const char *backend, uint32_t feeders, const struct ledger *l, uint64_t resumed_at, FILE *to
) {
	fprintf(to,
		"{\"backend\":\"%s\",\"workers\":%u,\"elapsed_s\":%.6f,\"resumed_at\":%" PRIu64
		",\"ledger\":{",
		backend, feeders, l->elapsed_s, resumed_at);
	fprintf(to, "\"received\":%" PRIu64, l->tally.value[TALLY_RECEIVED]);
	for (int i = 0; i < VERDICT_COUNT; i++)
		fprintf(to, ",\"%s\":%" PRIu64, verdict_name(print_order[i]),
			l->verdict[print_order[i]]);
	fprintf(to, ",\"missed\":%" PRIu64 ",\"balanced\":%s},\"drops\":{", l->missed,
		l->balanced ? "true" : "false");
	for (int r = REASON_NONE + 1; r < REASON_COUNT; r++)
		fprintf(to, "%s\"%s\":%" PRIu64, r > REASON_NONE + 1 ? "," : "", reason_name(r),
			l->tally.value[TALLY_REASON + r]);
	fprintf(to, "},");
}

void ledger_print_none(const struct conf *conf, FILE *to) {
	const struct ledger none = {.balanced = true};
	print_frames(input_backend_name(conf->input.backend), conf->input.workers, &none, 0, to);
	fprintf(to, "\"streams\":{");
	for (uint32_t i = 0; i < conf->n_streams; i++)
		fprintf(to, "%s\"%s\":{\"windows\":0,\"records\":0,\"packets\":0,\"bytes\":0}",
			i > 0 ? "," : "", conf->stream[i].name);
	fprintf(to, "},\"match\":{\"rules\":0,\"events\":0},\"sinks\":{");
	for (uint32_t i = 0; i < conf->n_sinks; i++)
		fprintf(to, "%s\"%s\":{\"delivered\":0,\"spooled\":0,\"dropped\":0}",
			i > 0 ? "," : "", conf->sink[i].name);
	fprintf(to, "}}\n");
}

void ledger_print_json_at(struct run *run, const struct ledger *l, uint64_t resumed_at, FILE *to) {
	const struct conf *conf = run->conf;
	print_frames(run->backend->name, run_feeders(run), l, resumed_at, to);
	if (conf->input.late == CONF_LATE_EMIT)
		fprintf(to, "\"late\":{\"uncorrected\":%" PRIu64 "},",
			l->tally.value[TALLY_UNCORRECTED]);
	fprintf(to, "\"streams\":{");
	for (uint32_t i = 0; i < conf->n_streams; i++) {
		uint64_t st[STREAM_STAT_COUNT];
		exporter_stream_stats(run->exporter, i, st);
		fprintf(to,
			"%s\"%s\":{\"windows\":%" PRIu64 ",\"records\":%" PRIu64
			",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64,
			i > 0 ? "," : "", conf->stream[i].name, st[STREAM_WINDOWS],
			st[STREAM_RECORDS], st[STREAM_PACKETS], st[STREAM_BYTES]);
		if (conf->stream[i].window.kind == CONF_WINDOW_SESSION
		    || conf->stream[i].window.kind == CONF_WINDOW_FLOW
		    || conf->stream[i].window.kind == CONF_WINDOW_COUNT)
			fprintf(to, ",\"resources\":%" PRIu64, st[STREAM_EVICTED]);
		if (conf->stream[i].distinct != 0)
			fprintf(to, ",\"distinct_full\":%" PRIu64, st[STREAM_DISTINCT_LEAST]);
		fprintf(to, ",\"rest\":%" PRIu64 ",\"early\":%" PRIu64, st[STREAM_REST],
			st[STREAM_FORCED]);
		if (conf->input.late == CONF_LATE_EMIT)
			fprintf(to, ",\"late_records\":%" PRIu64 ",\"late_packets\":%" PRIu64,
				st[STREAM_LATE_RECORDS], st[STREAM_LATE_PACKETS]);
		if (!run->patient)
			fprintf(to, ",\"emit_delay_us\":{\"max\":%" PRIu64 ",\"p99\":%" PRIu64 "}",
				st[STREAM_DELAY_MAX], st[STREAM_DELAY_P99]);
		fprintf(to, "}");
	}
	fprintf(to, "},");
	if (conf->n_alerts > 0)
		print_watches(run, to);
	state_print_json(run, to);
	print_match(run, l, to);
	fprintf(to, ",\"sinks\":{");
	for (uint32_t i = 0; i < conf->n_sinks; i++) {
		uint64_t st[SINK_STAT_COUNT];
		exporter_sink_stats(run->exporter, i, st);
		fprintf(to,
			"%s\"%s\":{\"delivered\":%" PRIu64 ",\"spooled\":%" PRIu64
			",\"dropped\":%" PRIu64 "}",
			i > 0 ? "," : "", conf->sink[i].name, st[SINK_DELIVERED], st[SINK_SPOOLED],
			st[SINK_DROPPED]);
	}
	fprintf(to, "}}\n");
}

static void print_reasons(const struct ledger *l, enum verdict verdict, FILE *to) {
	const char *separator = "  (";
	for (int r = REASON_NONE + 1; r < REASON_COUNT; r++) {
		uint64_t n = l->tally.value[TALLY_REASON + r];
		if (n == 0 || reason_verdict(r) != verdict)
			continue;
		fprintf(to, "%s%s %" PRIu64, separator, reason_name(r), n);
		separator = ", ";
	}
	fprintf(to, "%s\n", separator[0] == ',' ? ")" : "");
}

static void print_alerts(struct run *run, const struct ledger *l, FILE *to) {
	uint64_t alerts[ALERTS_STAT_COUNT];
	exporter_alert_stats(run->exporter, alerts);
	if (alerts_wanted(run->conf))
		fprintf(to,
			"alerts: %" PRIu64 " given out, %" PRIu64 " kept back by thresholds, "
			"%" PRIu64 " dropped\n",
			alerts[ALERTS_OUT], alerts[ALERTS_SUPPRESSED],
			l->tally.value[TALLY_ALERTS_DROPPED]);
}

void ledger_print_text(struct run *run, const struct ledger *l, FILE *to) {
	const struct conf *conf = run->conf;
	uint64_t received = l->tally.value[TALLY_RECEIVED];
	// Runs before took time of their own.
	uint64_t bytes = l->tally.value[TALLY_BYTES] - run->base.value[TALLY_BYTES];
	char rate[32], bits[32];
	double seconds = l->elapsed_s > 0 ? l->elapsed_s : 1e-9;
	units_format_count((double)(received - run->resumed_at) / seconds, rate, sizeof(rate));
	units_format_count((double)bytes * 8 / seconds, bits, sizeof(bits));
	fprintf(to, "%s, %u worker%s, %.3f s: %s packets/s, %s%sbit/s\n", run->backend->name,
		run_feeders(run), units_plural(run_feeders(run)), l->elapsed_s, rate, bits,
		strchr(bits, ' ') == NULL ? " " : "");
	fprintf(to, "  %-10s %12" PRIu64, "received", received);
	if (run->resumed_at > 0)
		fprintf(to, "  (%" PRIu64 " ahead of the checkpoint)", run->resumed_at);
	fprintf(to, "\n");
	for (int i = 0; i < VERDICT_COUNT; i++) {
		enum verdict v = print_order[i];
		fprintf(to, "  %-10s %12" PRIu64, verdict_name(v), l->verdict[v]);
		print_reasons(l, v, to);
	}
	fprintf(to, "  %-10s %12" PRIu64 "\n", "missed", l->missed);
	fprintf(to, "  %s\n",
		l->balanced ? "balanced: every frame is accounted for"
			    : "NOT BALANCED: this is a fault of Sluice");
	for (uint32_t i = 0; i < conf->n_streams; i++) {
		uint64_t st[STREAM_STAT_COUNT];
		exporter_stream_stats(run->exporter, i, st);
		fprintf(to, "stream %s: %" PRIu64 " record%s in %" PRIu64 " window%s",
			conf->stream[i].name, st[STREAM_RECORDS], units_plural(st[STREAM_RECORDS]),
			st[STREAM_WINDOWS], units_plural(st[STREAM_WINDOWS]));
		if (conf->input.late == CONF_LATE_EMIT)
			fprintf(to, ", %" PRIu64 " correction%s", st[STREAM_LATE_RECORDS],
				units_plural(st[STREAM_LATE_RECORDS]));
		if (!run->patient && st[STREAM_DELAY_MAX] > 0)
			fprintf(to, ", 99 of 100 within %.3f s of when they were due",
				(double)st[STREAM_DELAY_P99] / 1e6);
		fprintf(to, "\n");
	}
	for (uint32_t i = 0; i < conf->n_alerts; i++) {
		uint64_t st[WATCH_STAT_COUNT];
		exporter_watch_stats(run->exporter, i, st);
		fprintf(to, "alert %s: %" PRIu64 " given out\n", conf->alert[i].name,
			st[WATCH_FIRED]);
	}
	if (run->rules_version > 0) {
		uint64_t events = l->tally.value[TALLY_MATCH_EVENTS];
		fprintf(to, "match: %" PRIu64 " event%s of %u rule%s (version %u)\n", events,
			units_plural(events), run->n_rules, units_plural(run->n_rules),
			run->rules_version);
		match_report_text(&l->match, to);
	}
	print_alerts(run, l, to);
	for (uint32_t i = 0; i < conf->n_sinks; i++) {
		uint64_t st[SINK_STAT_COUNT];
		exporter_sink_stats(run->exporter, i, st);
		fprintf(to, "sink %s: %" PRIu64 " delivered, %" PRIu64 " dropped%s%s\n",
			conf->sink[i].name, st[SINK_DELIVERED], st[SINK_DROPPED],
			conf->sink[i].type != CONF_SINK_NULL ? " -> " : "",
			conf->sink[i].type != CONF_SINK_NULL ? conf->sink[i].path : "");
	}
	state_print_text(run, to);
}
