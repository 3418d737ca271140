// And back: each record goes to the part that it is of, connections and streams to both the table and the
// pool.

#include "inspect_priv.h"
#include "inspect_saved.h"
#include "match/detect/flow_bits.h"
#include "match_state.h"
#include "packet/packet_state.h"

#include <errno.h>
#include <stdlib.h>

// Whether streams that were saved with this digest may go on.
static bool is_same_set(const struct inspect *in, uint64_t set) {
	return set != 0 && set == match_engine_streams_digest(in->engine);
}

// Levels are those of what is loaded.
static void forget_levels(struct inspect_stats *s) {
	s->tcp.octets[TCP_HELD_NOW] = 0;
	s->tcp_flows = s->tcp_held_octets = 0;
	s->streams.live = s->streams.compressed = 0;
	s->streams.octets = s->streams.octets_compressed = s->streams_memory = 0;
	s->fragments.held = s->fragments.octets_held = 0;
	s->flows.flows_max = s->flows.flows = 0;
	s->flows.bits_max = s->flows.bits = 0;
}

static int load_inspect(
	struct inspect *in, const struct state_record *r, const struct share *share, struct err *err
) {
	struct saved_inspect s;
	if (r->version != INSPECT_SAVED_VERSION || r->len != sizeof(s))
		return err_set(err, -EBADMSG, "counters of matching are saved in another way");
	memcpy(&s, r->octets, sizeof(s));
	in->newest_us = s.newest_us > in->newest_us ? s.newest_us : in->newest_us;
	flow_memory_advance(in->flows, s.horizon_us, 0);
	// What is held goes by numbers of packets.
	in->n_tcp = s.n_tcp > in->n_tcp ? (uint32_t)s.n_tcp : in->n_tcp;
	if (share != NULL && !share->first)
		return 0;
	if (in->before == NULL)
		in->before = calloc(1, sizeof(*in->before));
	if (in->before == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	forget_levels(&s.stats);
	inspect_stats_add(in->before, &s.stats);
	return 0;
}

static int load_connection(
	struct inspect *in, const struct state_record *r, const struct share *share, struct err *err
) {
	const struct saved_connection *s = r->octets;
	struct flow_key key;
	struct tcp_flow *f;
	if (r->version != INSPECT_SAVED_VERSION || r->len < sizeof(*s)
	    || s->words > FLOW_BITS_WORDS_MAX || r->len != sizeof(*s) + s->words * sizeof(uint64_t)
	    || s->stream[0] >= STREAM_SAVED_COUNT || s->stream[1] >= STREAM_SAVED_COUNT)
		return err_set(err, -EBADMSG, "a connection is saved in another way");
	flow_tuple_key(&s->tcp.tuple, 0, &key);
	if (!share_takes(share, &key, NULL))
		return 0;
	int ret = tcp_table_load_flow(in->tcp, &s->tcp, &f, err);
	if (ret < 0)
		return ret;
	if (f != NULL && in->detect != NULL && s->names == detect_names(in->detect))
		flow_memory_tcp_load(in->flows, f, (const uint64_t *)(s + 1), s->words);
	for (uint32_t dir = 0; dir < 2 && in->pool != NULL; dir++) {
		struct match_stream *none = NULL;
		stream_pool_load_mark(
			in->pool, f != NULL ? (struct match_stream **)&f->half[dir].user : &none,
			(enum stream_saved)s->stream[dir], is_same_set(in, s->set)
		);
	}
	return 0;
}

// Of a connection that was loaded; others have other workers.
static int load_stream(struct inspect *in, const struct state_record *r, struct err *err) {
	struct stream_saved_head head;
	if (in->pool == NULL)
		return 0;
	int ret = stream_pool_load_head(r, &head, err);
	if (ret < 0)
		return ret;
	struct tcp_flow *f = tcp_table_load_find(in->tcp, &head.tuple);
	if (f == NULL || f->half[head.dir].user != NULL || !is_same_set(in, head.set))
		return 0;
	return stream_pool_load(in->pool, (struct match_stream **)&f->half[head.dir].user, r, err);
}

// Fingerprints of connections are made once, so who knows them by a saved seed's and who finds them are to
// have the same.
static int load_seed(struct inspect *in, const struct state_record *r, struct err *err) {
	int ret = checksum_policy_load(in->checksums, r, err);
	if (ret < 0)
		return ret;
	return tcp_table_load_seed(in->tcp, checksum_policy_seed(in->checksums), err);
}

int inspect_load(
	struct inspect *in, const struct state_record *r, const struct share *share, struct err *err
) {
	int ret;
	switch (r->kind) {
	case MATCH_STATE_INSPECT:
		return load_inspect(in, r, share, err);
	case MATCH_STATE_CONNECTION:
		return load_connection(in, r, share, err);
	case MATCH_STATE_STREAM:
		return load_stream(in, r, err);
	case PACKET_STATE_CHECKSUM_SEED:
		return load_seed(in, r, err);
	case MATCH_STATE_FLOW:
		return flow_memory_load(
			in->flows, r, share, in->detect != NULL ? detect_names(in->detect) : 0, err
		);
	case MATCH_STATE_XBIT:
		if (in->detect == NULL)
			return 0;
		return detect_load(in->detect, in->work->detect, r, share, err);
	default:
		ret = tcp_table_load(in->tcp, r, err);
		if (ret == 0)
			ret = defrag_load(in->defrag, r, share, err);
		return ret < 0 ? ret : checksum_policy_load(in->checksums, r, err);
	}
}

int inspect_load_end(struct inspect *in, struct err *err) {
	return tcp_table_load_end(in->tcp, err);
}
