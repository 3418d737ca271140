// A record for the watch, and one for each key that it knows: the key, what is known of it, and the windows
// that its mean is of.

#include "watch_save.h"

#include "base/field.h"
#include "export/export_state.h"
#include "packet/flow_key_hash.h"

#include <errno.h>
#include <string.h>

#define VERSION 1

struct saved_watch {
	struct watch_stats stats;
	int64_t size_us, step_us;
	int64_t next;
	uint32_t fields;
	uint32_t windows;
};

struct saved_key {
	struct flow_key key;
	struct rule_id rule;
	struct watch_key known;
};

static size_t past_octets(const struct watch *w) {
	return w->conf.when.windows * sizeof(uint64_t);
}

static bool save_key(const struct watch *w, uint32_t i, struct state_writer *to) {
	struct saved_key head;
	uint32_t len = (uint32_t)(sizeof(head) + past_octets(w));
	uint8_t *octets = state_writer_begin(to, len);
	if (octets == NULL)
		return false;
	memset(&head, 0, sizeof(head));
	head.key = w->keys.sum[i].key;
	head.rule = w->keys.sum[i].rule;
	head.known = w->known[i];
	memcpy(octets, &head, sizeof(head));
	if (w->conf.when.windows > 0)
		memcpy(octets + sizeof(head), watch_past(w, i), past_octets(w));
	state_writer_end(to, STATE_WATCH_KEY, VERSION, len);
	return true;
}

bool watch_save(const struct watch *w, struct state_writer *to) {
	struct saved_watch head = {
		.stats = w->stats,
		.size_us = w->conf.size_us,
		.step_us = w->conf.step_us,
		.next = w->next,
		.fields = w->conf.fields,
		.windows = w->conf.when.windows,
	};
	bool ok = state_writer_put(to, STATE_WATCH, VERSION, &head, sizeof(head));
	for (uint32_t i = 0; ok && i < w->keys.n; i++)
		ok = save_key(w, i, to);
	return ok;
}

static int refuse(const struct watch *w, struct err *err, const char *what) {
	return err_set(err, -EBADMSG, "alert %s in the state: %s", w->conf.name, what);
}

// Whether it is a window's number whose times are numbers, too.
static bool is_number(const struct watch *w, int64_t number) {
	int64_t most = (INT64_MAX / 4 - w->conf.size_us) / w->conf.step_us;
	return number >= -most && number <= most;
}

static int load_head(struct watch *w, const struct state_record *r, struct err *err) {
	struct saved_watch head;
	if (r->len != sizeof(head) || w->keys.n > 0 || w->next != INT64_MIN)
		return refuse(w, err, "not what a watch begins with");
	memcpy(&head, r->octets, sizeof(head));
	if (head.size_us != w->conf.size_us || head.step_us != w->conf.step_us
	    || head.fields != w->conf.fields || head.windows != w->conf.when.windows)
		return refuse(w, err, "of another stream or condition");
	if (head.next != INT64_MIN && (head.step_us == 0 || !is_number(w, head.next)))
		return refuse(w, err, "not a window");
	w->stats = head.stats;
	w->next = head.next;
	return 0;
}

// Of a sum that has nothing but a key.
static void hash_key(const struct watch *w, struct flow_sum *sum) {
	struct flow_key mask;
	flow_key_mask(&mask, w->conf.fields);
	flow_key_cut(&mask, &w->conf.cut);
	uint32_t hash = flow_key_finish(&sum->key, &mask, &w->conf.seed);
	if (w->conf.fields & FIELD_BIT(FIELD_RULE))
		sum->key.hash = rule_id_hash(hash, sum->rule, &w->conf.seed);
}

static bool is_known(const struct watch *w, const struct watch_key *k, const uint64_t *past) {
	uint64_t total = 0;
	for (uint32_t i = 0; i < w->conf.when.windows; i++)
		total += past[i];
	return k->held <= 1 && k->total == total && is_number(w, k->since) && k->since <= k->seen
		&& k->seen < w->next;
}

static int load_key(struct watch *w, const struct state_record *r, struct err *err) {
	struct saved_key head;
	if (w->next == INT64_MIN || r->len != sizeof(head) + past_octets(w))
		return refuse(w, err, "not a key");
	memcpy(&head, r->octets, sizeof(head));
	const uint64_t *past = (const void *)((const uint8_t *)r->octets + sizeof(head));
	if ((head.key.flags & KEY_REST) || !is_known(w, &head.known, past))
		return refuse(w, err, "not what is known of a key");
	struct flow_sum sum = {.key = head.key, .rule = head.rule};
	hash_key(w, &sum);
	if (watch_find(w, &sum) != NULL)
		return refuse(w, err, "one key twice");
	struct watch_key *known = watch_know(w, &sum, head.known.since);
	if (known == NULL)
		return 0;
	*known = head.known;
	if (w->conf.when.windows > 0)
		memcpy(watch_past(w, (uint32_t)(known - w->known)), past, past_octets(w));
	return 0;
}

int watch_load(struct watch *w, const struct state_record *r, struct err *err) {
	if (r->version != VERSION)
		return refuse(w, err, "of another version");
	return r->kind == STATE_WATCH ? load_head(w, r, err) : load_key(w, r, err);
}
