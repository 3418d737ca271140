// Slices go as they are; a running sum and the index of any table are made of them again. A slice's rest
// holds what had no room: sums that were moved there are not told a second time. Distinct values follow
// the sums that have them.

#include "window_save.h"

#include "base/field.h"
#include "flow/distinct_save.h"
#include "flow/sums_save.h"
#include "flow/window_kind.h"
#include "packet/flow_key_hash.h"

#include <errno.h>

#define VERSION 1

struct saved_windows {
	uint32_t fields;
	uint32_t kind;
	int64_t size_us, step_us;
	int64_t next_end_us;
	uint64_t evicted;
};

struct saved_slice {
	int64_t start_us, end_us;
	uint64_t running; // 1: part of the running sum
	uint64_t rests; // 1: `rest` says something
	uint8_t rest[sizeof(struct flow_sum)];
};

// Of sums that were saved.
static bool save_sets(
	const struct distinct *d, const struct sums *sums, const struct running_part *part,
	struct state_writer *w
) {
	bool ok = true;
	for (uint32_t i = 0; ok && i < sums->n; i++)
		if (sums->sum[i].distinct != 0 && (part == NULL || running_is_told(part, i)))
			ok = distinct_save(d, &sums->sum[i], w, STATE_SET, VERSION);
	return ok;
}

static bool
save_slice(const struct slice *s, const struct running_part *part, struct state_writer *w) {
	struct saved_slice head = {
		.start_us = s->start_us,
		.end_us = s->end_us,
		.running = part != NULL,
		.rests = flow_sum_any(&s->rest),
	};
	memcpy(head.rest, &s->rest, sizeof(s->rest));
	if (!state_writer_put(w, STATE_SLICE, VERSION, &head, sizeof(head)))
		return false;
	bool ok = true;
	if (part == NULL)
		ok = sums_save(s->sums.sum, s->sums.n, w, STATE_SUMS, VERSION);
	for (uint32_t i = 0, n; ok && part != NULL && i < s->sums.n; i += n) {
		for (n = 0; i + n < s->sums.n && running_is_told(part, i + n);)
			n++;
		ok = sums_save(&s->sums.sum[i], n, w, STATE_SUMS, VERSION);
		n += i + n < s->sums.n;
	}
	ok = ok && save_sets(&s->distinct, &s->sums, part, w);
	return ok && state_writer_put(w, STATE_SLICE_END, VERSION, NULL, 0);
}

static bool save_open(const struct carry *c, struct state_writer *w) {
	for (uint32_t i = 0, n; i < c->sums.n; i += n) {
		n = c->sums.n - i < SUMS_SAVED_MAX ? c->sums.n - i : SUMS_SAVED_MAX;
		size_t sums = n * sizeof(struct flow_sum);
		size_t len = sizeof(uint64_t) + sums + n * sizeof(int64_t);
		uint8_t *to = state_writer_begin(w, (uint32_t)len);
		if (to == NULL)
			return false;
		memcpy(to, &(uint64_t){n}, sizeof(uint64_t));
		memcpy(to + sizeof(uint64_t), &c->sums.sum[i], sums);
		int64_t *due = (int64_t *)(void *)(to + sizeof(uint64_t) + sums);
		for (uint32_t k = 0; k < n; k++)
			due[k] = carry_due(c, &c->sums.sum[i + k]);
		state_writer_end(w, STATE_OPEN_SUMS, VERSION, (uint32_t)len);
	}
	return true;
}

bool window_set_save(const struct window_set *ws, struct state_writer *w) {
	struct saved_windows head = {
		.fields = ws->conf.fields,
		.kind = ws->conf.kind,
		.size_us = ws->conf.size_us,
		.step_us = ws->conf.step_us,
		.next_end_us = ws->next_end_us,
		.evicted = ws->evicted,
	};
	bool ok = state_writer_put(w, STATE_WINDOWS, VERSION, &head, sizeof(head));
	for (uint32_t i = ws->running.head; ok && i < ws->running.n; i++)
		ok = save_slice(ws->running.part[i].slice, &ws->running.part[i], w);
	for (uint32_t i = ws->slices.head; ok && i < ws->slices.n; i++)
		ok = save_slice(ws->slices.open[i], NULL, w);
	return ok && save_open(&ws->carry, w) && save_sets(&ws->distinct, &ws->carry.sums, NULL, w);
}

static int refuse(struct err *err, const char *what) {
	return err_set(err, -EBADMSG, "windows in the state: %s", what);
}

// As it was saved it takes no more memory than it took: there is less than there was.
static int no_room(struct err *err) {
	return err_set(err, -ENOBUFS, "windows in the state: more of them than memory holds");
}

static int load_head(struct window_set *ws, const struct state_record *r, struct err *err) {
	const struct saved_windows *head = r->octets;
	if (r->len != sizeof(*head) || window_set_open(ws) > 0)
		return refuse(err, "not a set of windows");
	if (head->fields != ws->conf.fields || head->kind != ws->conf.kind
	    || head->size_us != ws->conf.size_us || head->step_us != ws->conf.step_us)
		return refuse(err, "those of another stream");
	ws->next_end_us = head->next_end_us;
	ws->evicted = head->evicted;
	return 0;
}

static int load_slice(struct window_set *ws, const struct state_record *r, struct err *err) {
	const struct saved_slice *s = r->octets;
	if (r->len != sizeof(*s) || ws->loading != NULL || s->running > 1 || s->rests > 1
	    || s->start_us != pane_start(s->start_us, ws->slices.conf.width_us)
	    || s->end_us - s->start_us != ws->slices.conf.width_us
	    || (s->running && ws->conf.kind != WINDOW_SLIDING))
		return refuse(err, "not a slice");
	ws->loading_runs = s->running;
	ws->loading = s->running ? slices_new(&ws->slices, s->start_us)
				 : slices_at(&ws->slices, s->start_us);
	if (ws->loading == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	struct flow_sum rest;
	if (s->rests && sums_load(s->rest, sizeof(s->rest), 0, &rest) < 0)
		return refuse(err, "not a rest");
	if (s->rests)
		flow_sum_merge(&ws->loading->rest, &rest);
	return 0;
}

static int load_sums(struct window_set *ws, const struct state_record *r, struct err *err) {
	struct flow_sum sum;
	if (ws->loading == NULL || r->len % sizeof(sum) != 0)
		return refuse(err, "sums without a slice");
	for (uint32_t i = 0; i < r->len / sizeof(sum); i++) {
		if (sums_load(r->octets, r->len, i, &sum) < 0)
			return refuse(err, "not a sum");
		slices_hash(&ws->slices, &sum);
		struct flow_sum *to = sums_find_insert_rule(&ws->loading->sums, &sum.key, sum.rule);
		if (to == NULL)
			return no_room(err);
		if (!flow_sum_any(to))
			*to = sum;
		else
			flow_sum_merge(to, &sum);
	}
	return 0;
}

static int end_slice(struct window_set *ws, struct err *err) {
	struct slice *slice = ws->loading;
	if (slice == NULL)
		return refuse(err, "the end of no slice");
	ws->loading = NULL;
	if (!ws->loading_runs)
		return 0;
	if (running_join(&ws->running, slice) == 0)
		return 0;
	slice_free(slice);
	return err_set(err, -ENOMEM, "out of memory");
}

static int load_open(struct window_set *ws, const struct state_record *r, struct err *err) {
	uint64_t n;
	struct flow_sum sum;
	if (r->len < sizeof(n) || ws->ops->due == NULL)
		return refuse(err, "not open ones");
	memcpy(&n, r->octets, sizeof(n));
	if (n > SUMS_SAVED_MAX || r->len != sizeof(n) + n * (sizeof(sum) + sizeof(int64_t)))
		return refuse(err, "not open ones");
	const uint8_t *sums = (const uint8_t *)r->octets + sizeof(n);
	const uint8_t *dues = sums + n * sizeof(sum);
	for (uint32_t i = 0; i < n; i++) {
		int64_t due_us;
		if (sums_load(sums, r->len - sizeof(n), i, &sum) < 0)
			return refuse(err, "not a sum");
		memcpy(&due_us, dues + i * sizeof(due_us), sizeof(due_us));
		slices_hash(&ws->slices, &sum);
		if (carry_find(&ws->carry, &sum.key, sum.rule) != NULL)
			return refuse(err, "one key twice");
		if (carry_add(&ws->carry, &sum, due_us) == NULL)
			return no_room(err);
	}
	return 0;
}

static int load_set(struct window_set *ws, const struct state_record *r, struct err *err) {
	struct flow_sum like;
	if (ws->conf.distinct == 0 || distinct_saved_of(r, &like) < 0)
		return refuse(err, "not distinct values");
	slices_hash(&ws->slices, &like);
	struct sums *sums = ws->loading != NULL ? &ws->loading->sums : &ws->carry.sums;
	struct distinct *d = ws->loading != NULL ? &ws->loading->distinct : &ws->distinct;
	struct flow_sum *of = sums_find(sums, &like.key, like.rule);
	// It found no room.
	if (of == NULL)
		return 0;
	if (of->distinct != 0)
		return refuse(err, "distinct values of one key twice");
	of->distinct = distinct_open(d);
	if (of->distinct != 0)
		distinct_load(d, of->distinct, r);
	else
		of->distinct_is = DISTINCT_LEAST;
	return 0;
}

int window_set_load(struct window_set *ws, const struct state_record *r, struct err *err) {
	if (r->kind >= STATE_WINDOWS && r->kind <= STATE_SET && r->version != VERSION)
		return refuse(err, "of another version");
	switch (r->kind) {
	case STATE_WINDOWS:
		return load_head(ws, r, err);
	case STATE_SLICE:
		return load_slice(ws, r, err);
	case STATE_SUMS:
		return load_sums(ws, r, err);
	case STATE_SLICE_END:
		return end_slice(ws, err);
	case STATE_OPEN_SUMS:
		return load_open(ws, r, err);
	case STATE_SET:
		return load_set(ws, r, err);
	}
	return 0;
}
