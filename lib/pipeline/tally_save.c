// Names stand beside their counters.

#include "tally_save.h"

#include <errno.h>
#include <string.h>

#define VERSION 1

struct saved_counter {
	char name[24];
	uint64_t value;
};

static const char *name_of(int i) {
	static const char *const names[TALLY_REASON] = {
		[TALLY_RECEIVED] = "received",
		[TALLY_BYTES] = "bytes",
		[TALLY_MATCH_EVENTS] = "match_events",
		[TALLY_UNCOUNTED] = "uncounted",
		[TALLY_ALERTS_DROPPED] = "alerts_dropped",
		[TALLY_REST] = "rest",
		[TALLY_UNCORRECTED] = "uncorrected",
		[TALLY_HANDED_OVER] = "handed_over",
		[TALLY_FRAGMENTS_EVICTED] = "fragments_evicted",
	};
	if (i < TALLY_REASON)
		return names[i];
	return i == TALLY_REASON + REASON_NONE ? "counted" : reason_name(i - TALLY_REASON);
}

bool tally_save(const struct tally *t, struct state_writer *w) {
	struct saved_counter to[TALLY_COUNT] = {0};
	for (int i = 0; i < TALLY_COUNT; i++) {
		strncpy(to[i].name, name_of(i), sizeof(to[i].name) - 1);
		to[i].value = t->value[i];
	}
	return state_writer_put(w, STATE_TALLY, VERSION, to, sizeof(to));
}

int tally_load(struct tally *t, const struct state_record *r, struct err *err) {
	const struct saved_counter *from = r->octets;
	if (r->kind != STATE_TALLY)
		return 0;
	if (r->version != VERSION || r->len % sizeof(*from) != 0)
		return err_set(err, -EBADMSG, "not counters in the state");
	for (uint32_t n = 0; n < r->len / sizeof(*from); n++)
		for (int i = 0; i < TALLY_COUNT; i++)
			if (strncmp(from[n].name, name_of(i), sizeof(from[n].name)) == 0)
				t->value[i] += from[n].value;
	return 0;
}
