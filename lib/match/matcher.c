// The matcher: Hyperscan's database and, for each thread, its scratch with a stamp per rule. A rule
// whose stamp is this packet's number has been counted for it already.

#include "matcher.h"

#include "base/cache.h"
#include "matcher_cache.h"
#include "matcher_compile.h"

#include <hs.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct matcher {
	hs_database_t *db; // NULL: no rules
	uint64_t db_bytes;
	uint32_t n_rules;
	bool from_cache;
};

struct match_scratch {
	hs_scratch_t *hs;
	uint32_t n_rules;
	uint32_t packet; // number of the packet being scanned
	uint32_t events; // in it
	uint32_t *matched; // the rules of those events; behind the stamps
	CACHE_ALIGNED uint32_t stamp[]; // by rule: the last packet it matched
};

static int move_refused(struct ruleset *rs, const struct compile_verdict *v, struct err *err) {
	uint32_t n = 0;
	struct pattern_fault *faults = calloc((size_t)rs->n_patterns + 1, sizeof(*faults));
	if (faults == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < rs->n_patterns; i++) {
		if (v[i].group != NULL)
			faults[n++] = (struct pattern_fault){
				.pattern = i,
				.group = v[i].group,
				.reason = v[i].reason,
			};
	}
	int ret = ruleset_refuse_many(rs, faults, n);
	free(faults);
	return ret < 0 ? err_set(err, ret, "out of memory") : 0;
}

struct matcher *
matcher_new(struct ruleset *rs, const struct matcher_config *conf, struct err *err) {
	uint32_t n = rs->n_patterns;
	size_t bytes = 0;
	struct compile_verdict *v = calloc((size_t)n + 1, sizeof(*v));
	struct matcher *m = calloc(1, sizeof(*m));
	if (v == NULL || m == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		goto fail;
	}
	if (hs_valid_platform() != HS_SUCCESS) {
		err_set(err, -ENOTSUP, "Hyperscan needs a processor with SSSE3");
		goto fail;
	}
	if (matcher_cache_compile(
		    conf->cache_dir, rs, MATCHER_BLOCK, v, &m->db, &m->from_cache, err
	    ) < 0
	    || move_refused(rs, v, err) < 0)
		goto fail;
	if (m->db != NULL && hs_database_size(m->db, &bytes) != HS_SUCCESS) {
		err_set(err, -EINVAL, "Hyperscan does not know its own database");
		goto fail;
	}
	m->n_rules = rs->n_patterns;
	m->db_bytes = bytes;
	compile_verdicts_free(v, n);
	return m;
fail:
	compile_verdicts_free(v, n);
	matcher_free(m);
	return NULL;
}

void matcher_free(struct matcher *m) {
	if (m == NULL)
		return;
	hs_free_database(m->db);
	free(m);
}

uint32_t matcher_rules(const struct matcher *m) {
	return m->n_rules;
}

bool matcher_from_cache(const struct matcher *m) {
	return m->from_cache;
}

uint64_t matcher_bytes(const struct matcher *m) {
	return m->db_bytes;
}

struct match_scratch *match_scratch_new(const struct matcher *m) {
	size_t size = sizeof(struct match_scratch) + 2 * (size_t)m->n_rules * sizeof(uint32_t);
	size = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	struct match_scratch *s = aligned_alloc(CACHE_LINE, size);
	if (s == NULL)
		return NULL;
	memset(s, 0, size);
	s->n_rules = m->n_rules;
	s->matched = s->stamp + m->n_rules;
	if (m->db != NULL && hs_alloc_scratch(m->db, &s->hs) != HS_SUCCESS) {
		free(s);
		return NULL;
	}
	return s;
}

void match_scratch_free(struct match_scratch *s) {
	if (s == NULL)
		return;
	hs_free_scratch(s->hs);
	free(s);
}

// Hyperscan's id is the rule's rank, below n_rules.
static int
on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	struct match_scratch *s = ctx;
	if (s->stamp[id] != s->packet) {
		s->stamp[id] = s->packet;
		s->matched[s->events++] = id;
	}
	return 0;
}

uint32_t
matcher_scan(const struct matcher *m, struct match_scratch *s, const uint8_t *data, uint32_t len) {
	if (len == 0 || m->db == NULL)
		return 0;
	if (UNLIKELY(++s->packet == 0)) {
		memset(s->stamp, 0, (size_t)s->n_rules * sizeof(s->stamp[0]));
		s->packet = 1;
	}
	s->events = 0;
	hs_error_t rc = hs_scan(m->db, (const char *)data, len, 0, s->hs, on_match, s);
	// Anything else is a scratch of another matcher or of another thread.
	assert(rc == HS_SUCCESS);
	(void)rc;
	return s->events;
}

const uint32_t *match_scratch_rules(const struct match_scratch *s) {
	return s->matched;
}
