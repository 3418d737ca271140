// The loop knows nothing of rules; their number and packet are looked at in a pass of its own.

#include "bare.h"

#include "bench.h"
#include "match/matcher_cache.h"

#include <stdlib.h>

// The matcher keeps its database to itself: another of the same patterns is equal to it.
static void make_block(struct bare *b, const struct match_engine *engine) {
	const struct ruleset *patterns = match_engine_files(engine)->patterns;
	const struct matcher *m = match_engine_patterns(engine);
	struct compile_verdict *v = calloc(patterns->n_patterns + 1ull, sizeof(*v));
	struct err err = {};
	bool from_cache;
	size_t octets = 0;
	if (v == NULL)
		bench_wrong("out of memory");
	int ret = matcher_cache_compile(
		NULL, patterns, MATCHER_BLOCK, v, &b->db, &from_cache, &err
	);
	compile_verdicts_free(v, patterns->n_patterns);
	if (ret < 0)
		bench_refuse("%s", err.text);
	if (b->db == NULL || hs_database_size(b->db, &octets) != HS_SUCCESS)
		bench_refuse("no pattern was accepted");
	if (octets != matcher_bytes(m))
		bench_wrong("databases of %zu and %lu octets", octets, matcher_bytes(m));
	b->rules = matcher_rules(m);
}

void bare_init(struct bare *b, const struct match_engine *engine, const struct scans *scans) {
	*b = (struct bare){.scans = scans, .streams = match_engine_streams(engine)};
	if (match_engine_detect(engine) != NULL || match_engine_patterns(engine) == NULL)
		bench_refuse("a bare loop wants patterns");
	make_block(b, engine);
	if (b->streams != NULL && stream_set_n_groups(b->streams) != 1)
		bench_wrong("patterns in %u groups", stream_set_n_groups(b->streams));
	if (b->streams != NULL)
		b->stream_db = stream_set_group(b->streams, 0)->db;
	b->stream = calloc(scans->streams + 1ull, sizeof(*b->stream));
	b->stamp = calloc(b->rules + 1ull, sizeof(*b->stamp));
	if (b->stream == NULL || b->stamp == NULL
	    || hs_alloc_scratch(b->db, &b->scratch) != HS_SUCCESS
	    || (b->stream_db != NULL && hs_alloc_scratch(b->stream_db, &b->scratch) != HS_SUCCESS))
		bench_wrong("out of memory");
}

void bare_fini(struct bare *b) {
	for (uint32_t i = 0; b->stream != NULL && i < b->scans->streams; i++) {
		if (b->stream[i] != NULL)
			hs_close_stream(b->stream[i], NULL, NULL, NULL);
	}
	hs_free_scratch(b->scratch);
	hs_free_database(b->db);
	free(b->stream);
	free(b->stamp);
	*b = (struct bare){};
}

// Where the stream goes on behind this end, a copy ends.
static hs_error_t
end_stream(struct bare *b, const struct scan_step *step, match_event_handler told) {
	hs_stream_t **stream = &b->stream[step->stream], *ended = *stream;
	if (!step->last) {
		hs_error_t rc = hs_copy_stream(&ended, *stream);
		if (rc != HS_SUCCESS)
			return rc;
	} else {
		*stream = NULL;
	}
	return hs_close_stream(ended, b->scratch, told, b);
}

static hs_error_t
scan_alone(struct bare *b, const struct scan_step *step, match_event_handler told) {
	hs_stream_t *stream;
	hs_error_t rc = hs_open_stream(b->stream_db, 0, &stream);
	if (rc != HS_SUCCESS)
		return rc;
	rc = hs_scan_stream(stream, (const char *)step->data, step->len, 0, b->scratch, told, b);
	hs_error_t closed = hs_close_stream(stream, b->scratch, told, b);
	return rc != HS_SUCCESS ? rc : closed;
}

static hs_error_t
scan_stream(struct bare *b, const struct scan_step *step, match_event_handler told) {
	hs_stream_t **stream = &b->stream[step->stream];
	if (*stream == NULL) {
		hs_error_t rc = hs_open_stream(b->stream_db, 0, stream);
		if (rc != HS_SUCCESS)
			return rc;
	}
	return hs_scan_stream(*stream, (const char *)step->data, step->len, 0, b->scratch, told, b);
}

static hs_error_t close_stream(struct bare *b, const struct scan_step *step) {
	hs_stream_t *stream = b->stream[step->stream];
	b->stream[step->stream] = NULL;
	return hs_close_stream(stream, NULL, NULL, NULL);
}

static hs_error_t do_step(struct bare *b, const struct scan_step *step, match_event_handler told) {
	switch (step->kind) {
	case SCAN_BLOCK:
		return hs_scan(b->db, (const char *)step->data, step->len, 0, b->scratch, told, b);
	case SCAN_ALONE:
		return scan_alone(b, step, told);
	case SCAN_STREAM:
		return scan_stream(b, step, told);
	case SCAN_END:
		return end_stream(b, step, told);
	case SCAN_CLOSE:
		break;
	}
	return close_stream(b, step);
}

static int
on_report(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	struct bare *b = ctx;
	b->reports++;
	return 0;
}

static int
on_pair(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	struct bare *b = ctx;
	uint32_t rule = id;
	if (b->streamed) {
		const struct stream_group *g = stream_set_group(b->streams, 0);
		rule = g->member[g->target[id].member].rule;
	}
	b->events += b->stamp[rule] != b->packet;
	b->stamp[rule] = b->packet;
	return 0;
}

void bare_run(struct bare *b) {
	for (uint32_t i = 0; i < b->scans->n; i++) {
		hs_error_t rc = do_step(b, &b->scans->step[i], on_report);
		if (rc != HS_SUCCESS)
			bench_wrong("Hyperscan: %d", rc);
	}
}

uint64_t bare_events(struct bare *b) {
	b->events = 0;
	for (uint32_t i = 0; i < b->scans->n; i++) {
		const struct scan_step *step = &b->scans->step[i];
		b->packet = step->packet;
		b->streamed = step->kind != SCAN_BLOCK;
		hs_error_t rc = do_step(b, step, on_pair);
		if (rc != HS_SUCCESS)
			bench_wrong("Hyperscan: %d", rc);
	}
	return b->events;
}
