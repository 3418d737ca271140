// The counters as JSON, object by object, and their sums.

#include "match_report.h"

#include <inttypes.h>
#include <string.h>

void match_report_add(struct inspect_stats *sum, const struct inspect_stats *part) {
	uint64_t to[INSPECT_STATS_WORDS], from[INSPECT_STATS_WORDS];
	memcpy(to, sum, sizeof(to));
	memcpy(from, part, sizeof(from));
	for (uint32_t i = 0; i < INSPECT_STATS_WORDS; i++)
		to[i] += from[i];
	memcpy(sum, to, sizeof(to));
}

static uint64_t total(const uint64_t *n, uint32_t count) {
	uint64_t sum = 0;
	for (uint32_t i = 0; i < count; i++)
		sum += n[i];
	return sum;
}

uint64_t match_report_checked(const struct inspect_stats *s) {
	return total(s->checksums.found, CHECKSUM_COUNT);
}

uint64_t match_report_refused(const struct inspect_stats *s) {
	return total(s->checksums.refused, CHECKSUM_COUNT);
}

struct json {
	FILE *to;
	bool more; // a comma comes ahead of the next member
};

static void name(struct json *j, const char *text) {
	fprintf(j->to, "%s\"%s\":", j->more ? "," : "", text);
	j->more = true;
}

static void number(struct json *j, const char *text, uint64_t value) {
	name(j, text);
	fprintf(j->to, "%" PRIu64, value);
}

static void begin(struct json *j, const char *text) {
	name(j, text);
	fputc('{', j->to);
	j->more = false;
}

static void end(struct json *j) {
	fputc('}', j->to);
	j->more = true;
}

static void connections(struct json *j, const struct inspect_stats *s) {
	const struct tcp_stats *t = &s->tcp;
	begin(j, "connections");
	number(j, "packets", t->packets);
	number(j, "open", s->tcp_flows);
	number(j, "opened", t->opened);
	number(j, "picked_up", t->picked_up);
	begin(j, "closed");
	for (enum tcp_close why = 0; why < TCP_CLOSES; why++)
		number(j, tcp_close_name(why), t->closed[why]);
	end(j);
	begin(j, "octets");
	number(j, "in", t->octets_in);
	for (enum tcp_fate fate = 0; fate < TCP_FATES; fate++)
		number(j, tcp_fate_name(fate), t->octets[fate]);
	end(j);
	number(j, "held_memory", s->tcp_held_octets);
	begin(j, "gaps");
	for (enum tcp_gap gap = 0; gap < TCP_GAPS; gap++)
		number(j, tcp_gap_name(gap), t->gaps[gap]);
	end(j);
	begin(j, "skipped");
	for (enum tcp_gap gap = 0; gap < TCP_GAPS; gap++)
		number(j, tcp_gap_name(gap), t->skipped[gap]);
	end(j);
	number(j, "conflicts", t->conflicts);
	number(j, "keep_alives", t->keep_alives);
	number(j, "syn_ignored", t->syn_ignored);
	number(j, "syn_changed", t->syn_changed);
	number(j, "fin_ignored", t->fin_ignored);
	number(j, "fin_overrun", t->fin_overrun);
	number(j, "rst_ignored", t->rst_ignored);
	number(j, "revived", t->revived);
	number(j, "moved", t->moved);
	end(j);
}

static void streams(struct json *j, const struct inspect_stats *s) {
	const struct stream_pool_stats *p = &s->streams;
	begin(j, "streams");
	number(j, "live", p->live);
	number(j, "compressed", p->compressed);
	number(j, "opened", p->opened);
	number(j, "closed", p->closed);
	number(j, "budget", s->streams_memory);
	number(j, "octets", p->octets);
	number(j, "octets_compressed", p->octets_compressed);
	number(j, "compressions", p->compressions);
	number(j, "expansions", p->expansions);
	number(j, "restarts", p->restarts);
	number(j, "scanned", p->scanned_octets);
	begin(j, "over_budget");
	number(j, "scans", p->over_budget);
	number(j, "octets", p->over_budget_octets);
	end(j);
	number(j, "parts_cut", p->parts_cut);
	number(j, "not_restored", p->not_restored);
	number(j, "failed", p->failed);
	end(j);
}

static void fragments(struct json *j, const struct defrag_stats *d) {
	begin(j, "fragments");
	number(j, "seen", d->fragments);
	number(j, "taken", d->taken);
	begin(j, "refused");
	for (enum defrag_refused why = 0; why < DEFRAG_REFUSED_COUNT; why++)
		number(j, defrag_refused_name(why), d->refused[why]);
	end(j);
	number(j, "overlaps", d->overlaps);
	number(j, "conflicts", d->conflicts);
	number(j, "begun", d->begun);
	number(j, "complete", d->complete);
	begin(j, "given_up");
	for (enum defrag_given_up why = 0; why < DEFRAG_GIVEN_UP_COUNT; why++)
		number(j, defrag_given_up_name(why), d->given_up[why]);
	end(j);
	number(j, "held", d->held);
	begin(j, "octets");
	number(j, "in", d->octets_in);
	number(j, "out", d->octets_out);
	number(j, "given_up", d->octets_given_up);
	number(j, "held", d->octets_held);
	end(j);
	end(j);
}

static void checksums(struct json *j, const struct checksum_stats *c) {
	begin(j, "checksums");
	begin(j, "found");
	for (enum checksum what = 0; what < CHECKSUM_COUNT; what++)
		number(j, checksum_name(what), c->found[what]);
	end(j);
	begin(j, "refused");
	for (enum checksum what = 0; what < CHECKSUM_COUNT; what++)
		number(j, checksum_name(what), c->refused[what]);
	end(j);
	number(j, "forgotten", c->forgotten);
	end(j);
}

static void flows(struct json *j, const struct flow_memory_stats *f) {
	begin(j, "flows");
	number(j, "open", f->flows);
	number(j, "max", f->flows_max);
	number(j, "opened", f->opened);
	number(j, "expired", f->expired);
	number(j, "displaced", f->displaced);
	number(j, "evicted", f->evicted);
	number(j, "bits", f->bits);
	number(j, "bits_max", f->bits_max);
	number(j, "bits_full", f->bits_full);
	end(j);
}

static void engine(struct json *j, const struct detect_counts *d) {
	begin(j, "engine");
	number(j, "packets", d->packets);
	number(j, "scans", d->scans);
	number(j, "verified", d->verified);
	number(j, "limited", d->limited);
	number(j, "xbits_full", d->xbits_full);
	end(j);
}

void match_report_json(const struct inspect_stats *s, FILE *to) {
	struct json j = {.to = to, .more = true};
	number(&j, "late_events", s->late_events);
	connections(&j, s);
	streams(&j, s);
	number(&j, "alone", s->alone);
	fragments(&j, &s->fragments);
	checksums(&j, &s->checksums);
	flows(&j, &s->flows);
	engine(&j, &s->rules);
}
