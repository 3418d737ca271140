// What a pool must tell of a payload however it is cut: Hyperscan's reports of the whole of it in block
// mode, counted to the cut that holds their end. A report that waits for what follows (\b, $) is
// counted to the octet that brings it when a stream is scanned octet by octet.
#pragma once

#include "stream_pool_rig.h"

#define REFERENCE_EVENTS (1u << 16)
#define REFERENCE_TOLD 8192u

struct reference_event {
	uint32_t at; // the octet that brings it, from 1; one more than there are: the end
	uint32_t group; // index into `group`
	uint32_t id; // Hyperscan's
	uint64_t to; // where it ends
};

struct reference_group {
	const struct stream_group *group;
	hs_database_t *block;
	bool *waits; // by Hyperscan's id
	bool *seen; // the same, in this payload
	bool *seen_cut;
	struct stream_state *states; // by member
	uint32_t *told; // the same: the last cut it was told of, plus one
};

struct pool_reference {
	const struct pool_set *set;
	hs_scratch_t *scratch;
	struct reference_group group[STREAM_GROUPS_MAX];
	uint32_t n_groups;
	struct reference_event *events;
	uint32_t n_events;
	// while a payload is scanned
	uint32_t len;
	uint32_t at; // octet by octet; 0: in block mode
	uint32_t in; // group
};

// (cut, id) in rising order.
struct pool_told {
	uint64_t pairs[REFERENCE_TOLD];
	uint32_t n;
};

static inline bool reference_waits(const struct pattern *p) {
	static const char *const words[] = {"$", "\\b", "\\B", "\\z", "\\Z", "(?=", "(?!"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(p->regex, words[i]) != NULL)
			return true;
	}
	// No line begins behind the last newline of a payload.
	if ((p->flags & PATTERN_MULTILINE) && strchr(p->regex, '^') != NULL)
		return true;
	// Which of its matches is the one is not said.
	return (p->flags & (PATTERN_SINGLEMATCH | PATTERN_UTF8)) != 0;
}

static inline void reference_open_group(struct pool_reference *ref, const struct stream_group *g) {
	struct reference_group *to = &ref->group[ref->n_groups++];
	uint32_t n = g->n_targets;
	const char **texts = calloc(n, sizeof(*texts));
	unsigned *flags = calloc(n, sizeof(*flags)), *ids = calloc(n, sizeof(*ids));
	hs_expr_ext_t *ext = calloc(n, sizeof(*ext));
	const hs_expr_ext_t **exts = calloc(n, sizeof(*exts));
	hs_compile_error_t *error = NULL;
	cr_assert_eq(g->n_combinations, 0, "they have a test of their own");
	*to = (struct reference_group){
		.group = g,
		.waits = calloc(n, sizeof(bool)),
		.seen = calloc(n, sizeof(bool)),
		.seen_cut = calloc(n, sizeof(bool)),
		.states = calloc(g->n_members, sizeof(*to->states)),
		.told = calloc(g->n_members, sizeof(*to->told)),
	};
	for (uint32_t i = 0; i < n; i++) {
		const struct stream_member *m = &g->member[g->target[i].member];
		const struct pattern *p = &m->plan->pieces[g->target[i].piece].pattern;
		texts[i] = p->regex;
		flags[i] = p->flags;
		ids[i] = i;
		ext[i] = (hs_expr_ext_t){
			.flags = p->ext,
			.min_offset = p->min_offset,
			.max_offset = p->max_offset,
			.min_length = p->min_length,
			.edit_distance = p->edit_distance,
			.hamming_distance = p->hamming_distance,
		};
		exts[i] = &ext[i];
		to->waits[i] = reference_waits(p);
	}
	hs_compile_ext_multi(texts, flags, ids, exts, n, HS_MODE_BLOCK, NULL, &to->block, &error);
	cr_assert_null(error, "%s", error != NULL ? error->message : "");
	cr_assert_eq(hs_alloc_scratch(to->block, &ref->scratch), HS_SUCCESS);
	cr_assert_eq(hs_alloc_scratch(g->db, &ref->scratch), HS_SUCCESS);
	free(texts);
	free(flags);
	free(ids);
	free(ext);
	free(exts);
}

// For directions that have this key.
static inline void
reference_open(struct pool_reference *ref, const struct pool_set *set, const struct flow_key *key) {
	uint32_t group[STREAM_GROUPS_MAX];
	*ref = (struct pool_reference){
		.set = set,
		.events = calloc(REFERENCE_EVENTS, sizeof(*ref->events)),
	};
	uint32_t n = stream_set_groups_of(set->set, key, DETECT_TO_SERVER, group);
	cr_assert_gt(n, 0);
	for (uint32_t i = 0; i < n; i++)
		reference_open_group(ref, stream_set_group(set->set, group[i]));
}

static inline void reference_close(struct pool_reference *ref) {
	for (uint32_t i = 0; i < ref->n_groups; i++) {
		hs_free_database(ref->group[i].block);
		free(ref->group[i].waits);
		free(ref->group[i].seen);
		free(ref->group[i].seen_cut);
		free(ref->group[i].states);
		free(ref->group[i].told);
	}
	hs_free_scratch(ref->scratch);
	free(ref->events);
}

// What was told of an offset is not told of it again, as when a stream ends behind a newline. A rule may
// be: its parts end where others did.
static inline bool reference_knows(const struct pool_reference *ref, uint32_t id, uint64_t to) {
	bool pattern = ref->in == 0;
	for (uint32_t i = ref->n_events; pattern && ref->at != 0 && i-- > 0;) {
		const struct reference_event *e = &ref->events[i];
		if (e->group != ref->in || e->at + 2 < ref->at)
			return false;
		if (e->id == id && e->to == to)
			return true;
	}
	return false;
}

static inline int reference_event(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx
) {
	struct pool_reference *ref = ctx;
	struct reference_group *g = &ref->group[ref->in];
	(void)from;
	(void)flags;
	(ref->at == 0 ? g->seen : g->seen_cut)[id] = true;
	if (g->waits[id] != (ref->at != 0) || reference_knows(ref, id, to))
		return 0;
	cr_assert_lt(ref->n_events, REFERENCE_EVENTS);
	ref->events[ref->n_events++] = (struct reference_event){
		.at = ref->at != 0 ? ref->at
			: to == 0  ? 1
				   : (uint32_t)to,
		.group = ref->in,
		.id = id,
		.to = to,
	};
	return 0;
}

static inline int reference_by_octet(const void *a, const void *b) {
	const struct reference_event *x = a, *y = b;
	return (x->at > y->at) - (x->at < y->at);
}

static inline void
reference_scan_group(struct pool_reference *ref, const uint8_t *octets, uint32_t len) {
	struct reference_group *g = &ref->group[ref->in];
	hs_stream_t *hs;
	memset(g->seen, 0, g->group->n_targets);
	memset(g->seen_cut, 0, g->group->n_targets);
	ref->at = 0;
	hs_scan(g->block, (const char *)octets, len, 0, ref->scratch, reference_event, ref);
	cr_assert_eq(hs_open_stream(g->group->db, 0, &hs), HS_SUCCESS);
	for (ref->at = 1; ref->at <= len; ref->at++)
		hs_scan_stream(
			hs, (const char *)&octets[ref->at - 1], 1, 0, ref->scratch, reference_event,
			ref
		);
	hs_close_stream(hs, ref->scratch, reference_event, ref);
	for (uint32_t i = 0; i < g->group->n_targets; i++)
		cr_assert_eq(
			g->seen[i], g->seen_cut[i], "expression %u: block %d, stream %d", i,
			g->seen[i], g->seen_cut[i]
		);
}

// Takes a payload; what it must tell is asked for afterwards.
static inline void reference_scan(struct pool_reference *ref, const uint8_t *octets, uint32_t len) {
	ref->len = len;
	ref->n_events = 0;
	for (ref->in = 0; ref->in < ref->n_groups; ref->in++)
		reference_scan_group(ref, octets, len);
	qsort(ref->events, ref->n_events, sizeof(*ref->events), reference_by_octet);
}

static inline int told_by_pair(const void *a, const void *b) {
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static inline void told_add(struct pool_told *t, uint32_t cut, uint32_t id) {
	cr_assert_lt(t->n, REFERENCE_TOLD);
	t->pairs[t->n++] = (uint64_t)cut << 32 | id;
}

static inline void told_settle(struct pool_told *t) {
	uint32_t n = 0;
	qsort(t->pairs, t->n, sizeof(t->pairs[0]), told_by_pair);
	for (uint32_t i = 0; i < t->n; i++) {
		if (n == 0 || t->pairs[n - 1] != t->pairs[i])
			t->pairs[n++] = t->pairs[i];
	}
	t->n = n;
}

// Adds what is told when the payload is cut behind each of `cuts` (rising; the last is its length): the
// first is told of as `cut`. The end is one more; it is left out where `open`.
static inline void reference_tell(
	struct pool_reference *ref, const uint32_t *cuts, uint32_t n, uint32_t cut, bool open,
	struct pool_told *told
) {
	uint32_t in = 0;
	for (uint32_t i = 0; i < ref->n_groups; i++) {
		uint32_t members = ref->group[i].group->n_members;
		memset(ref->group[i].states, 0, members * sizeof(*ref->group[i].states));
		memset(ref->group[i].told, 0, members * sizeof(*ref->group[i].told));
	}
	for (uint32_t i = 0; i < ref->n_events; i++) {
		const struct reference_event *e = &ref->events[i];
		const struct reference_group *g = &ref->group[e->group];
		const struct stream_target *t = &g->group->target[e->id];
		const struct stream_member *m = &g->group->member[t->member];
		while (in < n && cuts[in] < e->at)
			in++;
		if (!stream_plan_event(m->plan, &g->states[t->member], t->piece)
		    || g->told[t->member] == in + 1 || (in == n && open))
			continue;
		g->told[t->member] = in + 1;
		told_add(told, cut + in, pool_set_id(ref->set, m->rule));
	}
	for (uint32_t i = 0; i < ref->n_groups && !open; i++) {
		const struct reference_group *g = &ref->group[i];
		for (uint32_t k = 0; k < g->group->n_members; k++) {
			const struct stream_member *m = &g->group->member[k];
			if (stream_plan_end(m->plan, &g->states[k]))
				told_add(told, cut + n, pool_set_id(ref->set, m->rule));
		}
	}
}

static inline const char *told_show(const struct pool_told *t) {
	static char text[2][1024];
	static int turn;
	char *to = text[turn = !turn];
	size_t len = 0;
	to[0] = '\0';
	for (uint32_t i = 0; i < t->n && len < 1000; i++)
		len += (size_t)snprintf(
			to + len, 1024 - len, " %u:%u", (unsigned)(t->pairs[i] >> 32),
			(unsigned)t->pairs[i]
		);
	return to;
}
