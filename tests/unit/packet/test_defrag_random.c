// Defragmentation against a slow model: thousands of random datagrams, cut, reordered, duplicated,
// overlapped with the same and with other octets, and with pieces missing, many at a time.

#include "fragments.h"

#define DATA_MAX 4096
#define IDS 12
#define CASES 2000

struct rng {
	uint64_t s;
};

static uint64_t next(struct rng *r) {
	r->s += 0x9e3779b97f4a7c15;
	uint64_t z = r->s;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t below(struct rng *r, uint32_t n) {
	return (uint32_t)(next(r) % n);
}

// What the model knows of a datagram, octet by octet.
struct model {
	bool begun;
	int64_t since_us;
	uint8_t octet[DATA_MAX + 64];
	bool have[DATA_MAX + 64];
	uint32_t end; // 0: not known
	uint32_t fragments;
	bool conflict;
};

// The same rules once more, as plainly as can be. Fills m->octet; returns what defrag_add should.
static enum defrag_result model_add(struct model *m, const struct fragment_spec *s) {
	uint32_t len = s->len;
	if (s->more && len % 8 != 0) {
		if (s->v6)
			return DEFRAG_REFUSED;
		len -= len % 8;
	}
	if (len == 0)
		return DEFRAG_REFUSED;
	if (m->begun && s->time_us - m->since_us > DEFRAG_LIFE_US)
		*m = (struct model){0};
	if (!m->begun) {
		m->begun = true;
		m->since_us = s->time_us;
	}
	m->fragments++;
	uint32_t to = s->offset + len, last = 0;
	for (uint32_t i = 0; i < sizeof(m->have); i++)
		if (m->have[i])
			last = i + 1;
	bool refused = s->more ? m->end != 0 && to > m->end
			       : (m->end != 0 && to != m->end) || to < last;
	if (refused) {
		m->conflict = true;
		return DEFRAG_REFUSED;
	}
	if (!s->more)
		m->end = to;
	for (uint32_t i = 0; i < len; i++) {
		uint32_t at = s->offset + i;
		if (m->have[at])
			m->conflict |= m->octet[at] != s->data[i];
		else
			m->octet[at] = s->data[i];
		m->have[at] = true;
	}
	for (uint32_t i = 0; i < m->end; i++)
		if (!m->have[i])
			return DEFRAG_HELD;
	return m->end != 0 ? DEFRAG_COMPLETE : DEFRAG_HELD;
}

// A fragment of the datagram that is the `len` octets of `truth`; `spoil` has room for other octets.
static struct fragment_spec any_fragment(
	struct rng *r, const uint8_t *truth, uint32_t len, uint8_t *spoil, uint32_t conflicts
) {
	uint32_t offset = below(r, (len + 7) / 8) * 8;
	uint32_t n = 1 + below(r, below(r, 2) ? 64 : 1600);
	struct fragment_spec s = {.offset = offset, .more = true};
	if (n >= len - offset && below(r, 20) != 0) {
		n = len - offset;
		s.more = false;
	} else if (below(r, 50) != 0) {
		n = (n + 7) / 8 * 8;
	}
	if (n > len - offset && s.more)
		n = (len - offset + 7) / 8 * 8; // beyond the end: zeros
	if (below(r, 100) == 0)
		s.more = !s.more;
	memset(spoil, 0, DATA_MAX + 64);
	memcpy(spoil, truth, len);
	if (below(r, 100) < conflicts)
		spoil[offset + below(r, n)] ^= (uint8_t)(1 + below(r, 255));
	s.data = spoil + offset;
	s.len = n;
	return s;
}

// `conflicts` of a hundred fragments have an octet changed.
static void run(uint64_t seed, uint32_t conflicts, uint64_t *completed) {
	static struct model m[IDS];
	static uint8_t truth[IDS][DATA_MAX], spoil[DATA_MAX + 64];
	static uint32_t len[IDS];

	struct rng r = {seed};
	memset(m, 0, sizeof(m));
	struct defrag *d = defrag_make(IDS, 1 << 20, UINT32_MAX);
	for (uint32_t id = 0; id < IDS; id++) {
		len[id] = 1 + below(&r, below(&r, 2) ? 200 : DATA_MAX);
		for (uint32_t i = 0; i < len[id]; i++)
			truth[id][i] = (uint8_t)next(&r);
	}
	int64_t now_us = 0;
	for (int i = 0; i < 200; i++) {
		uint32_t id = below(&r, IDS);
		now_us += below(&r, 1000000);
		struct fragment_spec s = any_fragment(&r, truth[id], len[id], spoil, conflicts);
		s.id = id;
		s.v6 = id % 2;
		s.time_us = now_us - below(&r, 300000);
		if (s.offset == 0 && !s.more)
			continue; // not a fragment
		enum defrag_result want = model_add(&m[id], &s), got = defrag_spec(d, &s, &out);
		cr_assert_eq(got, want, "seed %lu fragment %d: %d, not %d", seed, i, got, want);
		defrag_balance(d);
		if (got != DEFRAG_COMPLETE)
			continue;
		uint32_t header = s.v6 ? 40 : 20;
		cr_assert_eq(out.pkt.cap_len, header + m[id].end);
		cr_assert(memcmp(out.pkt.data + header, m[id].octet, m[id].end) == 0);
		cr_assert_eq(out.conflict, m[id].conflict);
		cr_assert_eq(out.fragments, m[id].fragments);
		m[id] = (struct model){0};
		++*completed;
	}
	defrag_flush(d);
	cr_assert_eq(defrag_stats(d).octets_held, 0);
	defrag_balance(d);
	defrag_free(d);
}

Test(defrag_random, agrees_with_the_model) {
	uint64_t completed = 0;
	for (uint64_t seed = 0; seed < CASES; seed++)
		run(seed, seed % 3 == 0 ? 0 : 10, &completed);
	cr_assert(completed > CASES, "too few to mean anything: %lu", completed);
}

// With hardly any memory nearly everything is given up; what does come out is what went in, and more
// than the memory is never held.
Test(defrag_random, stays_within_its_memory_and_never_mixes_datagrams) {
	static uint8_t truth[64][32768];

	struct rng r = {99};
	for (uint32_t id = 0; id < 64; id++)
		for (uint32_t i = 0; i < sizeof(truth[id]); i++)
			truth[id][i] = (uint8_t)next(&r);
	struct defrag *d = defrag_make(24, 0, 0);
	uint32_t sent[64] = {0}, complete = 0;
	for (int i = 0; i < 60000; i++) {
		// A few at a time, each in order, now and then another one.
		uint32_t id = below(&r, 8) != 0 ? (uint32_t)(i / 2000) : below(&r, 64);
		uint32_t len = 512 * (id + 1), at = sent[id];
		uint32_t n = len - at < 1480 ? len - at : 1480;
		struct fragment_spec s = {
			.data = truth[id] + at,
			.len = n,
			.offset = at,
			.more = at + n < len,
			.id = id,
			.v6 = id & 1,
			.time_us = i};
		sent[id] = s.more ? at + n : 0;
		if (at == 0 && !s.more)
			continue;
		if (defrag_spec(d, &s, &out) == DEFRAG_COMPLETE) {
			uint32_t header = s.v6 ? 40 : 20;
			cr_assert_eq(out.pkt.cap_len, header + len);
			cr_assert(memcmp(out.pkt.data + header, truth[id], len) == 0);
			complete++;
		}
		cr_assert(defrag_stats(d).octets_held <= DEFRAG_MEMORY_MIN);
		cr_assert(defrag_stats(d).held <= 24);
		defrag_balance(d);
	}
	cr_assert(complete > 1000, "%u", complete);
	cr_assert(defrag_stats(d).given_up[DEFRAG_GIVEN_UP_MEMORY] > 100);
	defrag_free(d);
}
