// The counters of inspection as lines for people: what tells how well the traffic can be followed. What
// has nothing to tell has no line.

#include "match_report.h"

#include "base/units.h"

#include <inttypes.h>

// " (NAME N, NAME N)" of those that are not 0.
static void reasons(FILE *to, const uint64_t *n, uint32_t count, const char *(*name)(uint32_t)) {
	const char *separator = " (";
	for (uint32_t i = 0; i < count; i++) {
		if (n[i] == 0)
			continue;
		fprintf(to, "%s%s %" PRIu64, separator, name(i), n[i]);
		separator = ", ";
	}
	fputs(separator[0] == ',' ? ")" : "", to);
}

static const char *gap(uint32_t i) {
	return tcp_gap_name((enum tcp_gap)i);
}

static const char *given_up(uint32_t i) {
	return defrag_given_up_name((enum defrag_given_up)i);
}

static const char *refused(uint32_t i) {
	return defrag_refused_name((enum defrag_refused)i);
}

static const char *checksum(uint32_t i) {
	return checksum_name((enum checksum)i);
}

static uint64_t total(const uint64_t *n, uint32_t count) {
	uint64_t sum = 0;
	for (uint32_t i = 0; i < count; i++)
		sum += n[i];
	return sum;
}

static void connections(const struct tcp_stats *t, uint64_t open, FILE *to) {
	uint64_t gaps = total(t->gaps, TCP_GAPS);
	fprintf(to, "  connections  open %" PRIu64 ", opened %" PRIu64 ", picked up %" PRIu64 "\n",
		open, t->opened, t->picked_up);
	if (gaps == 0)
		return;
	fprintf(to, "  gaps         %" PRIu64, gaps);
	reasons(to, t->gaps, TCP_GAPS, gap);
	fprintf(to, ", octets skipped %" PRIu64 "\n", total(t->skipped, TCP_GAPS));
}

static void streams(const struct inspect_stats *s, FILE *to) {
	const struct stream_pool_stats *p = &s->streams;
	char used[32], budget[32];
	units_format_count((double)p->octets, used, sizeof(used));
	units_format_count((double)s->streams_memory, budget, sizeof(budget));
	fprintf(to,
		"  streams      live %" PRIu64 ", compressed %" PRIu64 ", opened %" PRIu64
		", memory %s of %s octets, scans over budget %" PRIu64 " (octets %" PRIu64 ")\n",
		p->live, p->compressed, p->opened, used, budget, p->over_budget,
		p->over_budget_octets);
}

static void fragments(const struct defrag_stats *d, FILE *to) {
	fprintf(to, "  fragments    seen %" PRIu64 ", datagrams complete %" PRIu64, d->fragments,
		d->complete);
	fprintf(to, ", given up %" PRIu64, total(d->given_up, DEFRAG_GIVEN_UP_COUNT));
	reasons(to, d->given_up, DEFRAG_GIVEN_UP_COUNT, given_up);
	fprintf(to, ", refused %" PRIu64, total(d->refused, DEFRAG_REFUSED_COUNT));
	reasons(to, d->refused, DEFRAG_REFUSED_COUNT, refused);
	fputc('\n', to);
}

void match_report_text(const struct inspect_stats *s, FILE *to) {
	if (s->tcp.packets > 0)
		connections(&s->tcp, s->tcp_flows, to);
	if (s->streams_memory > 0)
		streams(s, to);
	if (s->fragments.fragments > 0)
		fragments(&s->fragments, to);
	if (match_report_conflicts(s) > 0)
		fprintf(to, "  conflicts    packets %" PRIu64 ", fragments %" PRIu64 "\n",
			s->tcp.conflicts, s->fragments.conflicts);
	if (match_report_refused(s) > 0) {
		fprintf(to, "  checksums    not matched %" PRIu64 " of %" PRIu64,
			match_report_refused(s), match_report_checked(s));
		reasons(to, s->checksums.refused, CHECKSUM_COUNT, checksum);
		fputc('\n', to);
	}
	if (s->rules.limited > 0)
		fprintf(to, "  limits       a pcre gave up %" PRIu64 " time%s\n", s->rules.limited,
			units_plural(s->rules.limited));
}
