// One condition a kind, each asked anew at each call.

#include "match_watch.h"

#include "app/match_report.h"

#include <inttypes.h>
#include <stdio.h>

static bool over_budget(struct match_watch *w, const struct inspect_stats *s) {
	if (w->budget || s->streams.over_budget == 0)
		return false;
	w->budget = true;
	return true;
}

static bool conflicting(struct match_watch *w, const struct inspect_stats *s, int64_t now_us) {
	uint64_t conflicts = match_report_conflicts(s);
	bool early = w->conflicts > 0 && now_us - w->conflicts_us < MATCH_WATCH_CONFLICTS_US;
	if (early || conflicts == w->conflicts)
		return false;
	w->conflicts = conflicts;
	w->conflicts_us = now_us;
	return true;
}

static bool wrong_sums(struct match_watch *w, const struct inspect_stats *s, bool ended) {
	uint64_t checked = match_report_checked(s);
	if (w->checksums || (checked < MATCH_WATCH_CHECKED_MIN && !ended)
	    || match_report_refused(s) <= checked / 10)
		return false;
	w->checksums = true;
	return true;
}

const char *match_watch_next(
	struct match_watch *w, const struct inspect_stats *s, int64_t now_us, bool ended, char *buf,
	size_t len
) {
	if (over_budget(w, s)) {
		snprintf(
			buf, len,
			"streams have used up their memory (%" PRIu64
			" octets): what finds no room is scanned packet by packet, and counted "
			"(match.stream_memory)",
			s->streams_memory
		);
		return buf;
	}
	if (conflicting(w, s, now_us)) {
		snprintf(
			buf, len,
			"conflicting overlaps: %" PRIu64 " packets of connections and %" PRIu64
			" fragments bring other octets for what was there already; the first copy "
			"stays (an attempt to evade, or a broken sender)",
			s->tcp.conflicts, s->fragments.conflicts
		);
		return buf;
	}
	if (wrong_sums(w, s, ended)) {
		snprintf(
			buf, len,
			"%" PRIu64 " of %" PRIu64
			" packets are not matched, as their checksums are wrong: network cards "
			"that offload leave them so (if it is that, set match.checksums = ignore, or "
			"switch the offloading off)",
			match_report_refused(s), match_report_checked(s)
		);
		return buf;
	}
	return NULL;
}
