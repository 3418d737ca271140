// Windows saved and loaded at any moment: what comes out then, and before, is what comes out of a set that
// was never saved.

#include "flow/window_save.h"

#include "base/state_buffer.h"
#include "spoil.h"
#include "window_rig.h"

#include <errno.h>
#include <stdlib.h>

struct kind {
	const char *name;
	struct window_config conf;
};

static const uint32_t fields = FIELD_BIT(FIELD_SRC_PORT);

#define ADDRESS FIELD_BIT(FIELD_DEST_IP)

static const struct kind kinds[] = {
	{"tumbling", {.kind = WINDOW_TUMBLING, .size_us = SECOND, .pane_us = 100 * MS}},
	{"sliding",
	 {.kind = WINDOW_SLIDING, .size_us = 2 * SECOND, .step_us = 500 * MS, .pane_us = 100 * MS}},
	{"session", {.kind = WINDOW_SESSION, .size_us = 700 * MS, .pane_us = 100 * MS}},
	{"flow",
	 {.kind = WINDOW_FLOW, .size_us = 3 * SECOND, .step_us = 900 * MS, .pane_us = 100 * MS}},
	{"tumbling, distinct",
	 {.kind = WINDOW_TUMBLING, .size_us = SECOND, .pane_us = 100 * MS, .distinct = ADDRESS}},
	{"sliding, distinct",
	 {.kind = WINDOW_SLIDING,
	  .size_us = 2 * SECOND,
	  .step_us = 500 * MS,
	  .pane_us = 100 * MS,
	  .distinct = ADDRESS}},
	{"session, distinct",
	 {.kind = WINDOW_SESSION, .size_us = 700 * MS, .pane_us = 100 * MS, .distinct = ADDRESS}},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

// A digest that does not depend on the order of what comes out.
struct told {
	uint64_t n, sum;
};

static void tell(struct told *t, const struct window_out *out, const struct flow_sum *s) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 5);
	bool own = out->tail_us != 0;
	uint64_t words[] = {
		s->key.src_port,
		s->key.flags & KEY_REST,
		s->packets,
		s->bytes,
		s->matches,
		(uint64_t)s->first_us,
		(uint64_t)s->last_us,
		s->tcp_flags,
		s->reason,
		s->distinct,
		s->distinct_is,
		own ? (uint64_t)out->tail_us : (uint64_t)out->start_us,
		own ? 0 : (uint64_t)out->end_us,
	};
	t->n++;
	t->sum += hash_bytes(&seed, words, sizeof(words));
}

static void close_all(struct window_rig *rig, int64_t horizon_us, struct told *t) {
	const struct window_out *out;
	while ((out = window_set_close(rig->set, horizon_us)) != NULL) {
		for (uint32_t i = 0; i < out->n; i++)
			tell(t, out, &out->sum[i]);
		if (out->rest != NULL)
			tell(t, out, out->rest);
	}
}

static struct window_config conf_of(const struct kind *k) {
	struct window_config c = k->conf;
	c.fields = fields;
	return c;
}

// Into a new set, with another seed for its hashes.
static void move(struct window_rig *rig, const struct kind *k) {
	struct state_buffer b;
	struct err err = {0};
	state_buffer_init(&b, 1u << 26);
	cr_assert(window_set_save(rig->set, &b.writer));
	struct state_chunk *chunks = state_buffer_take(&b);
	uint32_t open = window_set_open(rig->set);
	rig_close(rig);
	rig_open(rig, conf_of(k));
	for (struct state_chunk *c = chunks; c != NULL; c = c->next) {
		struct state_record r;
		uint32_t at = 0;
		while (state_next(c->octets, c->used, &at, &r) == 1)
			cr_assert_eq(window_set_load(rig->set, &r, &err), 0, "%s", err.text);
	}
	cr_assert_eq(window_set_open(rig->set), open, "%s", k->name);
	state_chunks_free(chunks);
}

// A packet to one of that many addresses of either family; port 0: it found no row.
static void packet_to(
	struct window_rig *rig, uint16_t port, uint32_t addresses, int64_t time_us, uint8_t flags
) {
	uint32_t to = (uint32_t)rand() % addresses;
	struct flow_key k = {.src_port = port, .proto = 6};
	k.flags = to % 3 == 0 ? KEY_V6 : KEY_V4;
	memcpy(to % 3 == 0 ? k.dst6 : k.dst4, &to, sizeof(to));
	// What found no row may be a match of a packet that did.
	bool match = port == 0 && rand() % 2 == 0;
	rig_count(rig, port != 0 ? &k : NULL, time_us, flags, match);
}

// Some seconds of random packets, out of order within a second; `every`: so often it is moved; 0: never.
static struct told play(const struct kind *k, unsigned seed, uint32_t every) {
	struct window_rig rig;
	struct told t = {0};
	int64_t now = 1000 * SECOND;
	rig_open(&rig, conf_of(k));
	srand(seed);
	for (uint32_t i = 1; i <= 400; i++) {
		now += rand() % 40 == 0 ? rand() % (5 * SECOND) : rand() % (60 * MS);
		int64_t when = now - rand() % SECOND;
		uint8_t flags = rand() % 20 == 0 ? 1 : 16;
		packet_to(&rig, (uint16_t)(rand() % 12), 9, when, flags);
		if (rand() % 3 == 0)
			close_all(&rig, pane_start(now - SECOND, k->conf.pane_us), &t);
		if (every != 0 && i % every == 0)
			move(&rig, k);
	}
	close_all(&rig, INT64_MAX, &t);
	rig_close(&rig);
	return t;
}

Test(window_save, whatever_the_moment_the_windows_are_the_same) {
	for (uint32_t i = 0; i < KINDS; i++) {
		for (unsigned seed = 1; seed <= 6; seed++) {
			struct told want = play(&kinds[i], seed, 0);
			cr_assert_gt(want.n, 50);
			for (uint32_t every = 1; every < 400; every = every * 3 + 1) {
				struct told got = play(&kinds[i], seed, every);
				cr_assert_eq(
					got.n, want.n, "%s, seed %u, every %u: %lu of %lu",
					kinds[i].name, seed, every, got.n, want.n
				);
				cr_assert_eq(
					got.sum, want.sum, "%s, seed %u, every %u", kinds[i].name,
					seed, every
				);
			}
		}
	}
}

Test(window_save, sets_of_many_values_stay_what_they_are) {
	for (uint32_t i = 4; i < KINDS; i++) {
		struct told told[2] = {0};
		uint32_t estimated = 0;
		for (int moves = 0; moves < 2; moves++) {
			struct window_rig rig;
			rig_open(&rig, conf_of(&kinds[i]));
			srand(3);
			for (int64_t n = 0; n < 9000; n++) {
				packet_to(&rig, 1, n < 3000 ? 900 : 9000, SECOND + n * MS / 2, 16);
				if (moves && n % 700 == 0)
					move(&rig, &kinds[i]);
			}
			const struct window_out *out;
			while ((out = window_set_close(rig.set, INT64_MAX)) != NULL) {
				tell(&told[moves], out, &out->sum[0]);
				estimated += out->sum[0].distinct_is == DISTINCT_ESTIMATED;
			}
			rig_close(&rig);
		}
		cr_expect_gt(estimated, 1, "%s", kinds[i].name);
		cr_expect_eq(told[0].n, told[1].n, "%s", kinds[i].name);
		cr_expect_eq(told[0].sum, told[1].sum, "%s", kinds[i].name);
	}
}

// More packets of the same hosts, another checkpoint, the end.
static void go_on(struct window_rig *rig) {
	struct state_buffer b;
	struct told t = {0};
	for (uint16_t i = 0; i < 20; i++) {
		packet_to(rig, i % 7, 50, 1003 * SECOND + i * 100 * MS, 16);
		close_all(rig, 1003 * SECOND, &t);
	}
	state_buffer_init(&b, 1u << 26);
	cr_assert(window_set_save(rig->set, &b.writer));
	state_buffer_fini(&b);
	close_all(rig, INT64_MAX, &t);
}

static void harmless(const struct kind *kind) {
	struct window_rig from, to;
	struct state_buffer b;
	struct err err = {0};
	uint32_t refused = 0;
	rig_open(&from, conf_of(kind));
	for (uint16_t i = 0; i < 40; i++)
		packet_to(&from, i % 7, 50, 1000 * SECOND + i * 100 * MS, 16);
	window_set_close(from.set, 1002 * SECOND);
	state_buffer_init(&b, 1u << 26);
	cr_assert(window_set_save(from.set, &b.writer));
	struct state_chunk *good = state_buffer_take(&b), *bad = malloc(sizeof(*bad));
	srand(1);
	for (int turn = 0; turn < 1000; turn++) {
		struct state_record r;
		uint32_t at = 0;
		int ret = 0;
		spoil_copy(bad, good);
		rig_open(&to, conf_of(kind));
		while (ret == 0 && state_next(bad->octets, bad->used, &at, &r) == 1)
			ret = window_set_load(to.set, &r, &err);
		refused += ret < 0;
		cr_assert(ret == 0 || ret == -EBADMSG);
		if (ret == 0)
			go_on(&to);
		rig_close(&to);
	}
	cr_assert_gt(refused, 100);
	state_chunks_free(good);
	free(bad);
	rig_close(&from);
}

Test(window_save, octets_that_nobody_saved_are_refused_or_harmless) {
	harmless(&kinds[1]);
	harmless(&kinds[3]);
	harmless(&kinds[5]);
	harmless(&kinds[6]);
}

// As it is found by a run that gives windows so much memory, and sessions and flows so much.
static int
load_into(const struct state_chunk *c, const struct kind *k, uint64_t windows, uint64_t open) {
	struct window_rig to;
	struct window_config conf = conf_of(k);
	struct err err = {0};
	uint32_t at = 0;
	int ret = 0;
	conf.memory = open;
	rig_open(&to, conf);
	to.budget.max = windows;
	for (; c != NULL && ret == 0; c = c->next, at = 0) {
		struct state_record r;
		while (ret == 0 && state_next(c->octets, c->used, &at, &r) == 1)
			ret = window_set_load(to.set, &r, &err);
	}
	rig_close(&to);
	return ret;
}

Test(window_save, less_memory_than_is_open_takes_is_refused_and_as_much_is_not) {
	for (uint32_t i = 0; i < 4; i++) {
		struct window_rig rig;
		struct state_buffer b;
		struct window_config conf = conf_of(&kinds[i]);
		const uint64_t memory = 64 << 10;
		// As full as it may be: for some there was no room.
		conf.memory = memory;
		rig_open(&rig, conf);
		rig.budget.max = memory;
		for (uint16_t port = 1; port <= 1500; port++)
			rig_packet(&rig, port, 1000 * SECOND + port * 200, 16);
		state_buffer_init(&b, 1u << 26);
		cr_assert(window_set_save(rig.set, &b.writer));
		struct state_chunk *chunks = state_buffer_take(&b);
		rig_close(&rig);
		cr_expect_eq(load_into(chunks, &kinds[i], memory, memory), 0, "%s", kinds[i].name);
		cr_expect_eq(
			load_into(chunks, &kinds[i], memory / 8, memory / 8), -ENOBUFS, "%s",
			kinds[i].name
		);
		state_chunks_free(chunks);
	}
}
