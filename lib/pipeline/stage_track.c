// The track stage, in passes over the part so that the misses of one packet overlap with those of the
// others: verdicts and hashes, then the row that the index points to, then the row itself.

#include "stage_track.h"

#include "packet/verdict.h"

void stage_track_init(
	struct stage_track *st, struct pane_store *panes, struct pane_store *late, uint32_t fields,
	const struct key_cut *cut, const struct hash_seed *seed, bool counts
) {
	st->panes = panes;
	st->late = late;
	stage_track_forget(st);
	flow_key_mask(&st->mask, fields);
	flow_key_cut(&st->mask, cut);
	st->seed = *seed;
	st->counts = counts;
	st->rest = 0;
	st->uncorrected = 0;
}

static void set_verdict(struct packet *p, enum verdict verdict, enum reason reason) {
	p->verdict = (uint8_t)verdict;
	p->reason = (uint8_t)reason;
}

static bool in_pane(const struct pane *pane, int64_t time_us) {
	return pane != NULL && time_us >= pane->start_us && time_us < pane->end_us;
}

static void set_late(struct burst *b, uint32_t i) {
	enum reason reason = burst_is_future(b, i) ? REASON_FUTURE : REASON_LATE;
	set_verdict(&b->pkt[i], VERDICT_LATE, reason);
}

// The pane of a late packet's correction. Nobody believes a time that is far ahead.
static struct pane *find_late(struct stage_track *st, const struct burst *b, uint32_t i) {
	int64_t time_us = b->pkt[i].time_us;
	if (st->late == NULL || burst_is_future(b, i))
		return NULL;
	pane_store_turn(st->late, b->floor_us[i]);
	struct pane *pane = pane_store_find(st->late, time_us);
	if (pane == NULL)
		pane = pane_store_open(st->late, time_us);
	st->uncorrected += pane == NULL;
	return pane;
}

static struct pane *find_current(struct stage_track *st, int64_t time_us) {
	if (in_pane(st->current, time_us))
		return st->current;
	st->current = pane_store_find(st->panes, time_us);
	if (st->current == NULL)
		st->current = pane_store_open(st->panes, time_us);
	return st->current;
}

// Verdicts of the packets ahead of the first one that is to be counted, and that one's pane. NULL:
// no packet is left.
static struct pane *enter_pane(struct stage_track *st, struct burst *b, uint32_t *at) {
	struct pane *pane = NULL;
	for (; *at < b->n; ++*at) {
		struct packet *p = &b->pkt[*at];
		if (p->verdict != VERDICT_COUNTED)
			continue;
		b->late = p->flags & PACKET_LATE;
		if (b->late)
			set_late(b, *at);
		pane = b->late ? find_late(st, b, *at) : find_current(st, p->time_us);
		if (pane != NULL)
			break;
		if (!b->late)
			set_verdict(p, VERDICT_SHED, REASON_NO_PANE);
	}
	return pane;
}

// First pass: verdicts, keys, hashes, buckets. The part ends at the first packet of another pane.
static uint32_t hash_keys(
	struct stage_track *st, struct burst *b, uint32_t i, struct pane *pane,
	const struct flow_bucket **buckets
) {
	uint32_t n = 0;
	// Copies stay in registers: stores of octets into the burst could be to anything else.
	const struct flow_table table = pane->table;
	const struct flow_key mask = st->mask;
	const struct hash_seed seed = st->seed;
	uint32_t end = b->n;
	bool corrects = st->late != NULL;
	int64_t start_us = pane->start_us;
	uint64_t width_us = (uint64_t)(pane->end_us - start_us);
	for (; i < end; i++) {
		struct packet *p = &b->pkt[i];
		uint64_t offset_us = (uint64_t)(p->time_us - start_us);
		if (UNLIKELY(p->verdict | (p->flags & PACKET_LATE))) {
			if (p->verdict != VERDICT_COUNTED)
				continue;
			if (corrects)
				break;
			set_late(b, i);
			continue;
		}
		if (UNLIKELY(offset_us >= width_us))
			break;
		uint32_t hash = flow_key_finish(&b->key[i], &mask, &seed);
		// The whole bucket: tags and lines.
		buckets[n] = flow_table_bucket(&table, hash);
		__builtin_prefetch(buckets[n], 1);
		b->offset_us[i] = (uint32_t)offset_us;
		b->count[n++] = (uint8_t)i;
	}
	b->n_count = n;
	return i;
}

// The same for a late packet, which is a part of its own.
static uint32_t hash_late(
	struct stage_track *st, struct burst *b, uint32_t i, struct pane *pane,
	const struct flow_bucket **buckets
) {
	uint32_t hash = flow_key_finish(&b->key[i], &st->mask, &st->seed);
	buckets[0] = flow_table_bucket(&pane->table, hash);
	b->offset_us[i] = (uint32_t)(b->pkt[i].time_us - pane->start_us);
	b->count[0] = (uint8_t)i;
	b->n_count = 1;
	return i + 1;
}

// A full table: ahead of the part's first row it can be renewed, nothing points into it. Elsewhere
// the part ends here, unless renewing would find nothing anyway. NULL: end the part.
static struct flow_row *find_room(
	struct stage_track *st, struct pane_store *panes, struct pane **pane, bool first,
	const struct flow_key *key
) {
	if (!first && pane_store_has_spare(panes))
		return NULL;
	if (first) {
		*pane = pane_store_renew(panes, *pane);
		if (panes == st->panes)
			st->current = *pane;
	}
	struct flow_row *row = flow_table_find_insert(&(*pane)->table, key);
	if (row == NULL && flow_table_stretch(&(*pane)->table))
		row = flow_table_find_insert(&(*pane)->table, key);
	return row != NULL ? row : &(*pane)->rest;
}

void stage_track_run(struct stage_track *st, struct burst *b) {
	const struct flow_bucket *buckets[BURST_MAX];
	struct flow_row *rows[BURST_MAX];
	uint32_t at = b->begin;
	b->n_count = 0;
	b->late = false;
	st->part = NULL;
	struct pane *pane = enter_pane(st, b, &at);
	b->end = at;
	if (pane == NULL)
		return;
	struct pane_store *panes = b->late ? st->late : st->panes;
	b->end = (b->late ? hash_late : hash_keys)(st, b, at, pane, buckets);
	uint32_t n = b->n_count, generation = pane->table.generation;
	struct flow_row *lines = pane->table.rows;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t hash = b->key[b->count[k]].hash;
		rows[k] = flow_bucket_candidate(buckets[k], lines, generation, hash);
		// Its only hot line; an IPv6 row's addresses are the next. No row, no harm.
		__builtin_prefetch(rows[k], 1);
	}
	bool counts = st->counts;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = b->count[k];
		struct flow_row *row = rows[k];
		if (UNLIKELY(row == NULL || !flow_row_is(row, &b->key[i])))
			row = flow_table_find_insert(&pane->table, &b->key[i]);
		if (UNLIKELY(row == NULL)) {
			struct pane *before = pane;
			row = find_room(st, panes, &pane, k == 0, &b->key[i]);
			st->rest += row == &pane->rest;
			// What the first pass found lies in a pane that is the exporter's now.
			if (pane != before)
				memset(rows, 0, sizeof(rows));
		}
		if (UNLIKELY(row == NULL)) {
			b->n_count = n = k;
			b->end = i;
			break;
		}
		struct packet *p = &b->pkt[i];
		if (counts)
			flow_row_count(
				row, b->offset_us[i], p->ip_len, p->wire_len, 0, p->tcp_flags
			);
		else
			p->row = row;
	}
	if (n > 0)
		pane->packets += n;
	st->part = pane;
}

struct pane *
stage_track_event(struct stage_track *st, const struct flow_key *key, int64_t time_us) {
	if (time_us < stage_track_horizon(st))
		return NULL;
	struct pane *pane = pane_store_find(st->panes, time_us);
	// Opening or renewing one may hand over any other.
	stage_track_forget(st);
	if (pane == NULL)
		pane = pane_store_open(st->panes, time_us);
	if (pane == NULL)
		return NULL;
	struct flow_key masked = *key;
	flow_key_finish(&masked, &st->mask, &st->seed);
	struct flow_row *row = flow_table_find_insert(&pane->table, &masked);
	if (row == NULL)
		row = find_room(st, st->panes, &pane, true, &masked);
	uint32_t offset_us = (uint32_t)(time_us - pane->start_us);
	flow_row_count(row, offset_us, 0, 0, 1, 0);
	row->packets--;
	return pane;
}
