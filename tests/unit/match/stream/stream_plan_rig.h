// A plan's expressions in Hyperscan, fed with a stream in pieces: in which of them the rule
// matches.
#pragma once

#include "match/stream/stream_plan.h"

#include <criterion/criterion.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>

struct plan_rig {
	const struct stream_plan *plan;
	hs_database_t *db; // NULL: Hyperscan refused
	hs_scratch_t *scratch;
	char refusal[256];
	// while a stream is scanned
	struct stream_state state;
	bool fires;
};

static inline void plan_rig_open(struct plan_rig *g, const struct stream_plan *plan) {
	const char *texts[64];
	unsigned flags[64], ids[64];
	hs_compile_error_t *error = NULL;
	*g = (struct plan_rig){.plan = plan};
	for (uint32_t i = 0; i < plan->n_pieces; i++) {
		texts[i] = plan->pieces[i].pattern.regex;
		flags[i] = plan->pieces[i].pattern.flags;
		ids[i] = i;
	}
	if (hs_compile_multi(
		    texts, flags, ids, plan->n_pieces, HS_MODE_STREAM, NULL, &g->db, &error
	    )
	    != HS_SUCCESS)
		snprintf(g->refusal, sizeof(g->refusal), "%s", error->message);
	else
		cr_assert_eq(hs_alloc_scratch(g->db, &g->scratch), HS_SUCCESS);
	hs_free_compile_error(error);
}

static inline void plan_rig_close(struct plan_rig *g) {
	hs_free_scratch(g->scratch);
	hs_free_database(g->db);
}

static inline int plan_rig_event(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx
) {
	struct plan_rig *g = ctx;
	(void)from;
	(void)to;
	(void)flags;
	if (stream_plan_event(g->plan, &g->state, id))
		g->fires = true;
	return 0;
}

// The stream cut behind each octet whose bit in `cuts` is set (bit 0: behind the first). Returns,
// in the same way, behind which cuts the rule matched; bit 31: at the end.
static inline uint32_t
plan_rig_scan(struct plan_rig *g, const uint8_t *octets, uint32_t len, uint32_t cuts) {
	hs_stream_t *stream;
	uint32_t from = 0, matched = 0;
	cuts |= 1u << (len - 1);
	g->state = (struct stream_state){};
	cr_assert_eq(hs_open_stream(g->db, 0, &stream), HS_SUCCESS);
	for (uint32_t to = 1; to <= len; to++) {
		if (!(cuts >> (to - 1) & 1))
			continue;
		g->fires = false;
		hs_scan_stream(
			stream, (const char *)octets + from, to - from, 0, g->scratch,
			plan_rig_event, g
		);
		matched |= (uint32_t)g->fires << (to - 1);
		from = to;
	}
	g->fires = false;
	hs_close_stream(stream, g->scratch, plan_rig_event, g);
	if (stream_plan_end(g->plan, &g->state))
		g->fires = true;
	return matched | (uint32_t)g->fires << 31;
}
