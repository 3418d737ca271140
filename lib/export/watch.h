// A watch: a condition that is held against the windows of one stream, key by key, and tells when a key
// begins to meet it. It knows as many windows of a key as the condition's mean is of, within a bound.
#pragma once

#include "base/condition.h"
#include "export/record_watch.h"
#include "flow/biflow.h"
#include "flow/window.h"

#include <stdbool.h>
#include <stdint.h>

struct watch_config {
	const char *name; // borrowed
	const char *stream; // its name; borrowed
	uint32_t fields; // FIELD_BIT()s of its key
	struct key_cut cut; // of its addresses
	bool biflow; // its records are of both directions
	struct hash_seed seed; // of its keys
	struct condition when; // without a mean where step_us is 0
	int64_t size_us; // of each window
	int64_t step_us; // from one to the next; 0: each record is a window of its own, and judged alone
	uint64_t memory; // octets for keys that are known
};

struct watch_stats {
	uint64_t fired;
	uint64_t suppressed; // met it, but had done so in the window before
	uint64_t no_room; // had no room to be known
};

// What is known of a key. The last window of all keys is the same: the one judged last. Of a conversation it
// is known from the direction of the window that it was first seen in, also where it is turned around later.
struct watch_key {
	int64_t since; // the window that it is known from; windows are counted by step_us from 1970
	int64_t seen; // the last window it was in
	uint64_t total; // of the windows that the mean is of
	uint64_t held; // met the condition in the last window
};

// One thread. Must not move once it was initialised.
struct watch {
	struct watch_config conf;
	struct watch_stats stats;
	struct biflow turns;
	struct sums keys; // of what is known; nothing but keys in them
	struct watch_key *known; // of each of them; owned
	uint64_t *past; // conf.when.windows of each of them: window N in place N modulo that; owned
	uint32_t capacity; // of both
	struct budget budget; // of `keys`
	int64_t next; // the window behind the one judged last; INT64_MIN: there was none
	struct window_gap gap; // ahead of live_start_us
	int64_t live_start_us; // INT64_MIN: nothing was missed
};

// Receives an alert; it is valid during the call.
typedef void watch_taker(void *ctx, const struct watch_alert *a);

void watch_init(struct watch *w, const struct watch_config *conf);
void watch_fini(struct watch *w);

// The run goes on from where another was left. Of windows that nothing was in because nobody looked it is
// known as little as of a part of one.
void watch_gap(struct watch *w, const struct window_gap *gap, int64_t live_start_us);

// For export/watch_save.h. The key, in either direction, among w->keys; NULL: it is not known.
const struct flow_sum *watch_find(const struct watch *w, const struct flow_sum *sum);

// For export/watch_save.h. A key that is not known is so from window `since` on; `sum` has the key and its
// rule. NULL: there is no room, which is counted.
struct watch_key *watch_know(struct watch *w, const struct flow_sum *sum, int64_t since);

// For export/watch_save.h. The windows that the mean is of, of the i-th key.
uint64_t *watch_past(const struct watch *w, uint32_t i);

// Judges a window, or what is given out of it at a time; windows come in order of time. Where it is only a
// part of one (`partial`) it is judged whether that was much, against a number; else all that is known is
// forgotten.
void watch_judge(
	struct watch *w, const struct window_out *out, bool partial, watch_taker *give, void *ctx
);

// Judges windows that nothing was in: those that end by `until_us`.
void watch_pass(struct watch *w, int64_t until_us, watch_taker *give, void *ctx);
