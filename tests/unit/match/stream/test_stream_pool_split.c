// The pool against Hyperscan's block mode: payloads in which rules match, cut at every octet and at
// random, must tell the same rules in the same cuts as the payload in one piece; also when streams are
// compressed between any two cuts, when nothing has room, and when another set comes with each cut.

#include "stream_pool_plant.h"
#include "stream_pool_reference.h"

#define MEMORY (16u << 20)

#if defined(__SANITIZE_ADDRESS__)
#define PAYLOADS 60u
#else
#define PAYLOADS 1500u
#endif

#define RULE(sid, options) "alert tcp any any -> any any (" options "; sid:" #sid ";)\n"

static const char patterns[] = "1:/abc/\n"
			       "2:/^abc/\n"
			       "3:/xyz$/\n"
			       "4:/a[^b]{3,20}b/s\n"
			       "5:/(one|two|three)+ (four|five)/\n"
			       "6:/x.{10,60}y/s\n"
			       "7:/\\bword\\b/i\n"
			       "8:/^start[a-z ]*end$/\n"
			       "9:/[0-9]{3}-[0-9]{4}\\z/\n"
			       "10:/line$/m\n"
			       "11:/^line/m\n"
			       "12:/aa/\n"
			       "13:/q/{min_offset=20}\n"
			       "14:/u/{max_offset=30}\n"
			       "15:/a{200,300}/\n"
			       "16:/[a-z]+@[a-z]+\\.(com|org)/\n"
			       "17:/k.*v$/s\n"
			       "18:/neverthere/\n"
			       "19:/(GET|POST) \\/[^ ]* HTTP/\n"
			       "20:/approximate/{edit_distance=1}\n"
			       "21:/(wor|[a-w]o.\\b)/\n";

static const char rules[] = RULE(100, "content:\"first\"; content:\"second\"") RULE(
	101, "content:\"good\"; content:!\"bad\""
) RULE(102, "content:\"one\"; content:\"two\"; distance:1; within:10"
) RULE(103,
       "content:\"one\"; content:!\"|0a|\"; distance:0; within:8") RULE(104, "content:!\"aaa\"")
	RULE(105, "content:\"GET\"; nocase; content:\"|0d 0a|\"; distance:0; content:\"Host\""
	) RULE(106, "pcre:\"/us[e]r=[a-z]{4}/i\"; content:\"pass\"; distance:1"
	) RULE(107, "content:\"a\"; content:\"b\"; content:\"c\"; content:\"d\"; content:\"e\""
	) RULE(108, "pcre:\"/tail[0-9]+$/\""
	) RULE(109, "content:\"xyz\"; content:!\"xyz\"; distance:0; within:3"
	) RULE(110, "content:\"|00 01 02|\"; isdataat:5,relative")
		RULE(111, "content:\"cmd\"; pcre:\"/^\\s+[a-z]+;/R\"")
			RULE(112, "content:\"key\"; content:\"value\"; distance:2; within:20")
				RULE(113, "content:\"a\"; content:!\"q\"; content:!\"|00|\"");

// What some of these and others become in the other set.
static const char other_patterns[] = "151:/x.{5,9}y/s\n"
				     "1:/abc/\n"
				     "2:/^abc/\n"
				     "3:/xyz$/\n"
				     "6:/x.{10,60}y/s\n"
				     "7:/\\bword\\b/i\n"
				     "152:/^a/\n"
				     "12:/aa/\n"
				     "153:/o$/\n"
				     "17:/k.*v$/s\n";
static const char other_rules[] = RULE(213, "content:\"a\"; content:!\"z\"") RULE(
	107, "content:\"a\"; content:\"b\"; content:\"c\"; content:\"d\"; content:\"e\""
) RULE(100, "content:\"first\"; content:\"second\"") RULE(101, "content:\"good\"; content:!\"bad\"")
	RULE(200, "content:\"o\"; content:\"e\"; distance:1; within:10")
		RULE(104, "content:!\"aaa\"")
			RULE(113, "content:\"a\"; content:!\"q\"; content:!\"|00|\"");

struct bench {
	struct pool_set set;
	struct pool_rig r;
	struct pool_reference ref;
	struct pool_dice dice;
	struct pool_plant plant;
	uint32_t cases, told;
	void (*between)(struct bench *b); // any two cuts; may be NULL
};

static struct pool_told want, got;

static void open_bench(struct bench *b, uint64_t memory) {
	*b = (struct bench){.dice = {0x9e3779b97f4a7c15}};
	pool_set_open(&b->set, patterns, rules);
	pool_rig_open(&b->r, &b->set, memory);
	reference_open(&b->ref, &b->set, &b->r.key);
}

static void close_bench(struct bench *b) {
	const struct stream_pool_stats *s = stream_pool_stats(b->r.p);
	cr_assert_eq(s->failed, 0);
	cr_assert_eq(s->live + s->compressed, 0);
	cr_assert_gt(b->cases, PAYLOADS * 4);
	cr_assert_gt(b->told, b->cases, "%u told in %u cases", b->told, b->cases);
	reference_close(&b->ref);
	pool_rig_close(&b->r);
	pool_set_close(&b->set);
}

static void took(struct pool_rig *r, uint32_t cut) {
	for (uint32_t i = 0; i < r->n; i++)
		told_add(&got, cut, r->ids[i]);
}

static void compare(struct bench *b, const uint32_t *cuts, uint32_t n) {
	told_settle(&want);
	told_settle(&got);
	b->cases++;
	b->told += want.n;
	bool equal = want.n == got.n && memcmp(want.pairs, got.pairs, want.n * 8) == 0;
	cr_assert(
		equal, "%u cuts, the first at %u of %u: told%s, expected%s\n%.*s", n, cuts[0],
		b->plant.len, told_show(&got), told_show(&want), (int)b->plant.len, b->plant.octets
	);
	want.n = got.n = 0;
}

static void try_cuts(struct bench *b, const uint32_t *cuts, uint32_t n) {
	struct match_stream *s = NULL;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t from = i > 0 ? cuts[i - 1] : 0;
		if (i > 0 && b->between != NULL)
			b->between(b);
		pool_rig_scan_octets(&b->r, &s, &b->plant.octets[from], cuts[i] - from);
		took(&b->r, i);
	}
	pool_rig_end(&b->r, &s);
	took(&b->r, n);
	// An end changes nothing.
	uint32_t told = b->r.n;
	pool_rig_end(&b->r, &s);
	cr_assert_eq(told, b->r.n);
	stream_pool_close(b->r.p, &s);
	reference_tell(&b->ref, cuts, n, 0, false, &want);
	compare(b, cuts, n);
}

static void try_payload(struct bench *b) {
	uint32_t cuts[PLANT_CUTS];
	plant_make(&b->plant, &b->dice, &b->set);
	reference_scan(&b->ref, b->plant.octets, b->plant.len);
	for (uint32_t at = 1; at < b->plant.len; at++)
		try_cuts(b, (uint32_t[]){at, b->plant.len}, 2);
	for (int i = 0; i < 20; i++)
		try_cuts(b, cuts, plant_cuts(&b->dice, b->plant.len, PLANT_CUTS, cuts));
}

Test(stream_pool_split, tells_the_same_wherever_the_payload_is_cut, .timeout = 250) {
	struct bench b;
	open_bench(&b, MEMORY);
	for (uint32_t i = 0; i < PAYLOADS; i++)
		try_payload(&b);
	cr_assert_eq(stream_pool_stats(b.r.p)->over_budget, 0);
	close_bench(&b);
}

static void compress(struct bench *b) {
	b->r.now_us += b->r.conf.idle_us;
	pool_rig_advance(&b->r, 1);
}

Test(stream_pool_split, tells_the_same_when_compressed_between_any_two_cuts, .timeout = 250) {
	struct bench b;
	open_bench(&b, MEMORY);
	b.between = compress;
	for (uint32_t i = 0; i < PAYLOADS; i++)
		try_payload(&b);
	cr_assert_gt(stream_pool_stats(b.r.p)->expansions, b.cases / 2);
	close_bench(&b);
}

// What a piece alone must tell, its end included, is told of cut `cut`.
static void
want_alone(struct bench *b, struct pool_reference *ref, uint32_t from, uint32_t to, uint32_t cut) {
	static struct pool_told piece;
	piece.n = 0;
	reference_scan(ref, &b->plant.octets[from], to - from);
	reference_tell(ref, (uint32_t[]){to - from}, 1, 0, false, &piece);
	for (uint32_t i = 0; i < piece.n; i++)
		told_add(&want, cut, (uint32_t)piece.pairs[i]);
}

Test(stream_pool_split, tells_what_each_piece_does_when_nothing_has_room, .timeout = 250) {
	struct bench b;
	uint32_t cuts[PLANT_CUTS];
	open_bench(&b, 100);
	for (uint32_t k = 0; k < PAYLOADS * 8; k++) {
		struct match_stream *s = NULL;
		plant_make(&b.plant, &b.dice, &b.set);
		uint32_t n = plant_cuts(&b.dice, b.plant.len, PLANT_CUTS, cuts);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t from = i > 0 ? cuts[i - 1] : 0;
			pool_rig_scan_octets(&b.r, &s, &b.plant.octets[from], cuts[i] - from);
			took(&b.r, 2 * i);
			pool_rig_alone_octets(&b.r, &b.plant.octets[from], cuts[i] - from);
			took(&b.r, 2 * i + 1);
			cr_assert_null(s);
			want_alone(&b, &b.ref, from, cuts[i], 2 * i);
			want_alone(&b, &b.ref, from, cuts[i], 2 * i + 1);
		}
		compare(&b, cuts, n);
	}
	cr_assert_eq(stream_pool_stats(b.r.p)->scanned_octets, 0);
	close_bench(&b);
}

static bool has_id(const struct pool_set *set, uint32_t id) {
	for (uint32_t i = 0; i < set->n; i++) {
		if (pool_set_id(set, i) == id)
			return true;
	}
	return false;
}

// Adds those of `from` whose rule both sets have, or just one.
static void want_some(const struct pool_told *from, const struct pool_set *other, bool both) {
	for (uint32_t i = 0; i < from->n; i++) {
		uint32_t id = (uint32_t)from->pairs[i];
		if (has_id(other, id) == both)
			told_add(&want, (uint32_t)(from->pairs[i] >> 32), id);
	}
}

struct change {
	struct pool_set *set[2];
	struct pool_reference *ref[2];
};

// Rules of both sets: as if nothing had changed. Rules of the one that is in use: as if the stream had
// begun with this piece.
static void
want_changed(struct bench *b, const struct change *c, const uint32_t *cuts, uint32_t n) {
	static struct pool_told told;
	uint32_t from = 0;
	told.n = 0;
	reference_scan(c->ref[0], b->plant.octets, b->plant.len);
	reference_tell(c->ref[0], cuts, n, 0, false, &told);
	want_some(&told, c->set[1], true);
	for (uint32_t i = 0; i < n; from = cuts[i++]) {
		told.n = 0;
		reference_scan(c->ref[i % 2], &b->plant.octets[from], cuts[i] - from);
		reference_tell(c->ref[i % 2], (uint32_t[]){cuts[i] - from}, 1, i, i + 1 < n, &told);
		want_some(&told, c->set[1 - i % 2], false);
	}
}

Test(stream_pool_split, misses_nothing_when_sets_change_with_each_cut, .timeout = 250) {
	struct bench b;
	struct pool_set other;
	struct pool_reference other_ref;
	uint32_t cuts[PLANT_CUTS];
	open_bench(&b, MEMORY);
	pool_set_open(&other, other_patterns, other_rules);
	reference_open(&other_ref, &other, &b.r.key);
	struct change c = {{&b.set, &other}, {&b.ref, &other_ref}};
	for (uint32_t k = 0; k < PAYLOADS * 8; k++) {
		struct match_stream *s = NULL;
		plant_make(&b.plant, &b.dice, k % 3 == 0 ? &other : &b.set);
		uint32_t n = plant_cuts(&b.dice, b.plant.len, STREAM_PARTS_MAX, cuts);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t from = i > 0 ? cuts[i - 1] : 0;
			if (b.r.set != c.set[i % 2])
				pool_rig_use(&b.r, c.set[i % 2]);
			if (k % 5 == 0)
				compress(&b);
			pool_rig_scan_octets(&b.r, &s, &b.plant.octets[from], cuts[i] - from);
			took(&b.r, i);
		}
		pool_rig_end(&b.r, &s);
		took(&b.r, n);
		stream_pool_close(b.r.p, &s);
		want_changed(&b, &c, cuts, n);
		compare(&b, cuts, n);
	}
	cr_assert_eq(stream_pool_stats(b.r.p)->parts_cut, 0);
	cr_assert_eq(stream_pool_stats(b.r.p)->restarts, 0);
	reference_close(&other_ref);
	close_bench(&b);
	pool_set_close(&other);
}
