// Reads `type both, track by_src, count 5, seconds 60`, in any order.

#include "snort_threshold.h"

#include <errno.h>

struct word {
	const char *word;
	int value;
};

static const struct word types[] = {
	{"limit", SNORT_THRESHOLD_LIMIT},
	{"threshold", SNORT_THRESHOLD_THRESHOLD},
	{"both", SNORT_THRESHOLD_BOTH},
	{},
};

static const struct word tracks[] = {
	{"by_src", SNORT_BY_SRC},   {"by_dst", SNORT_BY_DST},   {"by_both", SNORT_BY_BOTH},
	{"by_rule", SNORT_BY_RULE}, {"by_flow", SNORT_BY_FLOW}, {},
};

// The word's value, or -1.
static int find(const struct word *words, struct snort_text t) {
	for (; words->word != NULL; words++) {
		if (snort_text_is(t, words->word))
			return words->value;
	}
	return -1;
}

static bool read_count(struct snort_text t, uint32_t *count) {
	uint64_t v;
	if (snort_text_read_uint(t, UINT32_MAX, &v) < 0 || v == 0)
		return false;
	*count = (uint32_t)v;
	return true;
}

// One `name value`. Each name may stand once; `seen` has their bits.
static int read_pair(
	struct snort_draft *d, const char *keyword, struct snort_text pair,
	struct snort_threshold *t, unsigned *seen
) {
	struct snort_text value = pair, name = {};
	unsigned bit = 0;
	int number = -1;
	bool good = false;
	snort_text_next_word(&value, &name);
	if (snort_text_is(name, "type") && t->type != SNORT_THRESHOLD_FILTER) {
		if (snort_text_is(value, "backoff"))
			return snort_refuse(
				d->fault, "threshold type backoff",
				"threshold: type backoff is not supported"
			);
		bit = 1;
		number = find(types, value);
		t->type = (enum snort_threshold_type)number;
		good = number >= 0;
	} else if (snort_text_is(name, "track")) {
		bit = 2;
		number = find(tracks, value);
		t->track = (enum snort_threshold_track)number;
		good = number >= 0;
	} else if (snort_text_is(name, "count")) {
		bit = 4;
		good = read_count(value, &t->count);
	} else if (snort_text_is(name, "seconds")) {
		bit = 8;
		good = read_count(value, &t->seconds);
	}
	if (!good || (*seen & bit))
		return snort_draft_refuse_value(
			d, keyword, pair,
			t->type == SNORT_THRESHOLD_FILTER
				? "once each: track by_src, count N, seconds N"
				: "once each: type limit, threshold or both; track by_src, by_dst,"
				  " by_both, by_rule or by_flow; count N; seconds N"
		);
	*seen |= bit;
	return 0;
}

static int read_all(
	struct snort_draft *d, const char *keyword, struct snort_text value,
	struct snort_threshold t, unsigned needed
) {
	struct snort_text rest = value, pair;
	unsigned seen = 0;
	if (d->rule.threshold.type != SNORT_THRESHOLD_NONE)
		return snort_refuse(
			d->fault, "repeated keyword",
			"%s: a rule takes one threshold or detection_filter", keyword
		);
	while (snort_text_next(&rest, ',', &pair)) {
		int ret = read_pair(d, keyword, pair, &t, &seen);
		if (ret < 0)
			return ret;
	}
	if (seen != needed)
		return snort_draft_refuse_value(
			d, keyword, value,
			needed & 1 ? "all of type, track, count, seconds"
				   : "all of track, count, seconds"
		);
	d->rule.threshold = t;
	return 0;
}

int snort_threshold_threshold(struct snort_draft *d, const char *keyword, struct snort_text value) {
	return read_all(d, keyword, value, (struct snort_threshold){}, 1 | 2 | 4 | 8);
}

int snort_threshold_filter(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_threshold t = {.type = SNORT_THRESHOLD_FILTER};
	return read_all(d, keyword, value, t, 2 | 4 | 8);
}
