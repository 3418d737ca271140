// What a worker knows of the traffic, on its way into a checkpoint: one part after the other, each with a
// sweep of its own; connections with their bits and streams.

#include "inspect_priv.h"
#include "inspect_saved.h"
#include "match/detect/flow_bits.h"
#include "match_state.h"

static uint64_t names_of(const struct inspect *in) {
	return in->detect != NULL ? detect_names(in->detect) : 0;
}

void inspect_save_connection(void *ctx, const struct tcp_flow *f, struct state_writer *to) {
	struct inspect *in = ctx;
	const uint64_t set = match_engine_streams_digest(in->engine);
	struct {
		struct saved_connection c;
		uint64_t bits[FLOW_BITS_WORDS_MAX];
	} s = {.c = {.set = set, .names = names_of(in)}};
	tcp_table_save_flow(in->tcp, f, &s.c.tcp);
	s.c.words = (uint8_t)flow_memory_tcp_save(in->flows, f, s.bits);
	for (uint32_t dir = 0; dir < 2 && in->pool != NULL; dir++)
		s.c.stream[dir] = (uint8_t)stream_pool_saves(in->pool, f->half[dir].user);
	state_writer_put(
		to, MATCH_STATE_CONNECTION, INSPECT_SAVED_VERSION, &s,
		(uint32_t)(sizeof(s.c) + s.c.words * sizeof(s.bits[0]))
	);
	tcp_table_save_held(in->tcp, f, to);
	for (uint32_t dir = 0; dir < 2; dir++)
		if (s.c.stream[dir] == STREAM_SAVED_PARTS)
			stream_pool_save(in->pool, f->half[dir].user, &f->tuple, dir, set, to);
}

void inspect_save_begin(struct inspect *in, struct state_writer *to, uint32_t origin) {
	struct saved_inspect s = {
		.newest_us = in->newest_us,
		.horizon_us = flow_memory_horizon(in->flows),
		.n_tcp = in->n_tcp,
	};
	inspect_stats(in, &s.stats);
	state_writer_put(to, MATCH_STATE_INSPECT, INSPECT_SAVED_VERSION, &s, sizeof(s));
	defrag_save_begin(in->defrag, to);
	checksum_policy_save_begin(in->checksums, to);
	if (in->detect != NULL)
		detect_save_begin(in->detect, in->work->detect, to);
	flow_memory_save_begin(in->flows, to, names_of(in));
	tcp_table_save_begin(in->tcp, to, origin);
}

bool inspect_save_step(struct inspect *in) {
	return defrag_save_step(in->defrag) && checksum_policy_save_step(in->checksums)
		&& (in->detect == NULL || detect_save_step(in->work->detect))
		&& flow_memory_save_step(in->flows) && tcp_table_save_step(in->tcp);
}

void inspect_save_end(struct inspect *in) {
	defrag_save_end(in->defrag);
	checksum_policy_save_end(in->checksums);
	if (in->detect != NULL)
		detect_save_end(in->work->detect);
	flow_memory_save_end(in->flows);
	tcp_table_save_end(in->tcp);
}
