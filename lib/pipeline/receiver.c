// The receiver: rings to the workers are its only contact with them. A full ring is back-pressure to
// a capture file and an overload, shed and counted, to live traffic.

#include "receiver.h"

#include "packet/source_skip.h"
#include "pipeline/tally_save.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

int receiver_init(struct receiver *r, const struct receiver_config *conf) {
	memset(r, 0, sizeof(*r));
	r->sources = conf->sources;
	r->pool = conf->pool;
	r->n_sources = conf->n_sources;
	r->n_live = conf->n_sources;
	r->spread.seed = conf->intake.seed;
	r->spread.tunnels = conf->intake.tunnels;
	r->spread.by_host = conf->by_host;
	r->spread.whole = conf->whole;
	r->patient = true;
	for (uint32_t i = 0; i < r->n_sources; i++)
		r->patient &= r->sources[i]->patient;
	r->ended = calloc(conf->n_sources, sizeof(*r->ended));
	size_t octets = conf->n_lanes * sizeof(*r->lanes);
	r->lanes = aligned_alloc(CACHE_LINE, octets);
	if (r->ended == NULL || r->lanes == NULL)
		goto no_memory;
	memset(r->lanes, 0, octets);
	for (; r->n_lanes < conf->n_lanes; r->n_lanes++)
		if (lane_init(&r->lanes[r->n_lanes], conf->sources[0], r->patient) < 0)
			goto no_memory;
	if (intake_init(&r->intake, &conf->intake) < 0)
		goto no_memory;
	return 0;
no_memory:
	receiver_fini(r);
	return -ENOMEM;
}

void receiver_fini(struct receiver *r) {
	intake_fini(&r->intake);
	for (uint32_t i = 0; i < r->n_lanes; i++)
		lane_fini(&r->lanes[i]);
	free(r->lanes);
	free(r->ended);
	r->lanes = NULL;
	r->ended = NULL;
	r->n_lanes = 0;
}

// Gives back what a worker is done with. Handles of several sources may be mixed: runs of one source
// go back together.
static void collect(struct receiver *r, struct lane *l) {
	struct burst *b = &r->returned;
	uint32_t first, n;
	while ((n = spsc_peek(&l->back, BURST_MAX, &first)) > 0) {
		uint64_t source = 0;
		b->n = 0;
		for (uint32_t i = 0; i < n; i++) {
			const struct lane_return *back = spsc_slot(&l->back, first + i);
			if (b->n > 0 && back->source != source) {
				r->sources[source]->ops->release(r->sources[source], b);
				b->n = 0;
			}
			source = back->source;
			b->pkt[b->n++].handle = back->handle;
		}
		r->sources[source]->ops->release(r->sources[source], b);
		spsc_drop(&l->back, n);
		l->outstanding -= n;
	}
}

// Of all that live, but for one (n_sources: none).
static int64_t newest_of_others(const struct receiver *r, uint32_t one) {
	int64_t newest = INT64_MAX;
	for (uint32_t i = 0; i < r->n_sources; i++)
		if (i != one && !r->ended[i] && r->sources[i]->newest_us < newest)
			newest = r->sources[i]->newest_us;
	return newest;
}

static void publish_newest(struct receiver *r) {
	int64_t newest = newest_of_others(r, r->n_sources);
	// The end is told by `ended`; time comes to where the last of them was, as with workers that have
	// the sources for themselves.
	if (newest == INT64_MAX) {
		newest = INT64_MIN;
		for (uint32_t i = 0; i < r->n_sources; i++)
			if (r->sources[i]->newest_us > newest)
				newest = r->sources[i]->newest_us;
	}
	for (uint32_t i = 0; i < r->n_lanes; i++)
		atomic_store_explicit(&r->lanes[i].newest_us, newest, memory_order_release);
}

static bool lane_has_room(struct receiver *r, struct lane *l, uint32_t *slot) {
	// Handles on their way back must fit the ring back whatever the worker does.
	if (UNLIKELY(l->outstanding >= l->back.mask + 1 - BURST_MAX))
		collect(r, l);
	return l->outstanding < l->back.mask + 1 - BURST_MAX && spsc_reserve(&l->out, 1, slot) == 1;
}

// A packet that no worker will see is accounted for here, by the first verdict that applies.
static void shed(struct receiver *r, const struct burst *b, uint32_t i) {
	const struct packet *p = &b->pkt[i];
	enum reason reason = p->reason;
	if (reason == REASON_NONE && p->flags & PACKET_LATE)
		reason = burst_is_future(b, i) ? REASON_FUTURE : REASON_LATE;
	else if (reason == REASON_NONE)
		reason = REASON_WORKER_BUSY;
	r->tally.value[TALLY_RECEIVED]++;
	r->tally.value[TALLY_BYTES] += p->wire_len;
	r->tally.value[TALLY_REASON + reason]++;
}

// Whether to wait for a worker rather than shed. A capture file always: workers empty their lanes
// until told that the end has come. Live traffic until the burst's time of grace is over: a worker
// that shares its processor may only not be running at the moment.
static bool may_wait(const struct receiver *r, int64_t *deadline_us) {
	if (r->patient)
		return true;
	if (r->grace_us == 0)
		return false;
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	int64_t now_us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	if (*deadline_us == 0)
		*deadline_us = now_us + r->grace_us;
	return now_us < *deadline_us;
}

static void hand_out(struct receiver *r, uint32_t source) {
	const struct source *src = r->sources[source];
	struct burst *b = &r->burst;
	uint32_t n_shed = 0;
	int64_t deadline_us = 0;
	// What a packet may say of time is what stood before it.
	int64_t others = newest_of_others(r, source), newest = b->newest_us;
	for (uint32_t i = 0; i < b->n; i++) {
		struct packet *p = &b->pkt[i];
		int64_t ahead = newest < others ? newest : others;
		newest = p->time_us > newest ? p->time_us : newest;
		uint32_t hash = spread_packet(&r->spread, src, p, &b->key[i]);
		struct lane *l = &r->lanes[spread_worker(hash, r->n_lanes)];
		uint32_t slot;
		bool room = lane_has_room(r, l, &slot);
		while (!room && may_wait(r, &deadline_us)) {
			sched_yield();
			room = lane_has_room(r, l, &slot);
		}
		if (!room) {
			shed(r, b, i);
			b->pkt[n_shed++].handle = p->handle;
			continue;
		}
		struct lane_item *item = spsc_slot(&l->out, slot);
		item->packet = *p;
		item->packet.newest_us = p->flags & PACKET_LATE ? b->floor_us[i] : ahead;
		item->key = b->key[i];
		item->key.hash = source;
		l->outstanding++;
		spsc_commit(&l->out, 1);
	}
	if (n_shed > 0) {
		b->n = n_shed;
		r->sources[source]->ops->release(r->sources[source], b);
	}
}

static void save_end(struct receiver *r, enum state_pool_outcome how) {
	intake_save_end(&r->intake);
	state_pool_end(r->pool, how);
	r->saving = false;
}

static void save_begin(struct receiver *r) {
	struct state_writer *w = state_pool_begin(r->pool);
	if (r->patient)
		source_save(r->sources, r->n_sources, w);
	tally_save(&r->tally, w);
	intake_save_begin(&r->intake, w);
	r->saving = true;
}

static void save_step(struct receiver *r) {
	if (!state_writer_ok(&r->pool->writer))
		save_end(r, STATE_POOL_BROKEN);
	else if (state_pool_has_room(r->pool) && intake_save_step(&r->intake))
		save_end(r, STATE_POOL_WHOLE);
}

int receiver_load(struct receiver *r, const struct state_record *record, struct err *err) {
	int ret = 0;
	if (r->patient)
		ret = source_load(r->sources, r->n_sources, record, err);
	return ret == 0 ? intake_load(&r->intake, record, err) : ret;
}

static void publish(struct receiver *r) {
	struct fragment_stats fragments = fragment_table_stats(r->intake.fragments);
	r->tally.value[TALLY_FRAGMENTS_EVICTED] = fragments.evicted;
	counters_publish(&r->published, r->tally.value, TALLY_COUNT);
}

// Lanes get their marks at one moment; what the receiver knows is saved as of that.
static void take_mark(struct receiver *r, uint32_t asked) {
	bool crosses = r->saving;
	for (uint32_t i = 0; i < r->n_lanes; i++) {
		struct lane *l = &r->lanes[i];
		if (ring_mark_is_set(&l->mark))
			crosses = true;
		else
			ring_mark_set(&l->mark, &l->out);
	}
	r->marked = asked;
	if (!r->saving)
		save_begin(r);
	// Whoever stores could not tell the records of two moments apart.
	if (UNLIKELY(crosses))
		save_end(r, STATE_POOL_CROSSED);
}

// Tells the workers that nothing more comes.
static int end(struct receiver *r, int ret, int how) {
	publish(r);
	if (r->saving)
		save_end(r, STATE_POOL_LEFT);
	if (how == -ECANCELED && r->pool != NULL
	    && atomic_load_explicit(&r->keep, memory_order_acquire)) {
		state_pool_wait(r->pool);
		save_begin(r);
		while (r->saving)
			save_step(r);
	}
	for (uint32_t i = 0; i < r->n_lanes; i++)
		atomic_store_explicit(&r->lanes[i].ended, how, memory_order_release);
	return ret;
}

int receiver_step(struct receiver *r) {
	if (UNLIKELY(atomic_load_explicit(&r->stop, memory_order_relaxed))
	    && (r->patient || !drain_goes_on(&r->drain, r->taken)))
		return end(r, -ENODATA, -ECANCELED);
	int taken = 0;
	// With it comes that the marks of the one before were passed.
	uint32_t asked = atomic_load_explicit(&r->checkpoint, memory_order_acquire);
	if (UNLIKELY(asked != r->marked))
		take_mark(r, asked);
	else if (UNLIKELY(r->saving))
		save_step(r);
	for (uint32_t i = 0; i < r->n_lanes; i++)
		collect(r, &r->lanes[i]);
	for (uint32_t i = 0; i < r->n_sources; i++) {
		struct source *src = r->sources[i];
		if (r->ended[i])
			continue;
		int n = src->ops->recv(src, &r->burst);
		if (n == -ENODATA) {
			r->ended[i] = true;
			r->n_live--;
			continue;
		}
		if (n < 0)
			return end(r, n, -ENODATA);
		if (n == 0)
			continue;
		taken += n;
		if (UNLIKELY(source_taken(src, &r->burst, n) == 0))
			continue;
		intake_run(&r->intake, src, &r->burst);
		hand_out(r, i);
	}
	if (taken > 0)
		publish(r);
	publish_newest(r);
	r->taken = taken;
	return r->n_live == 0 ? end(r, -ENODATA, -ENODATA) : taken;
}

void receiver_drain(struct receiver *r) {
	for (uint32_t i = 0; i < r->n_lanes; i++) {
		struct lane *l = &r->lanes[i];
		struct burst *b = &r->burst;
		int n;
		l->source.ops->pass(&l->source);
		// A worker that stopped early leaves packets in its lane.
		while ((n = l->source.ops->recv(&l->source, b)) > 0)
			for (int k = 0; k < n; k++) {
				struct source *src = r->sources[l->taken_source[k]];
				r->returned.n = 1;
				r->returned.pkt[0].handle = b->pkt[k].handle;
				src->ops->release(src, &r->returned);
				l->outstanding--;
			}
		collect(r, l);
	}
}
