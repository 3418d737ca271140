// Combinations of patterns in a pool against Hyperscan's own in block mode: random expressions over
// random patterns and payloads must be told by the cut that holds the end offset at which Hyperscan
// reports them for the whole, and at the end of the stream where nothing but the end brings them.

#include "stream_pool_plant.h"
#include "stream_pool_rig.h"

#define MEMORY (1u << 20)
#define COMPANION 999u
#define OPERANDS_MAX 6u
#define COMBINATIONS_MAX 3u

#if defined(__SANITIZE_ADDRESS__)
#define FILES 30u
#define PAYLOADS 4u
#else
#define FILES 500u
#define PAYLOADS 12u
#endif

// Of an octet there are reports of several at once, of one several times, at each octet, at the end.
static const char *const operands[] = {
	"a/",
	"b/",
	"ab/",
	"abc/",
	"a+b/",
	"[ab]c/s",
	"c.a/",
	"(a|bc)b/",
	"^a/",
	"^ab/s",
	"ca*b/",
	"b{2,3}/",
	"a.{2,5}c/s",
	"abc\\z/",
	"c\\z/",
	"a.*b/s",
	"^.{3}/s",
	"aa|bb/",
	"(ab)+/",
	"[^a]{3}/",
	"bcab/i",
	"cabcab/",
	"a[bc]{3,9}a/",
	"b*/V",
	".*/sV",
	"a/H",
	"b/H",
	"a.*c/sH",
	"c/{min_offset=9}",
	"a/{max_offset=7}",
	"(ab|bc)c?\\z/s",
};
#define N_OPERANDS (sizeof(operands) / sizeof(operands[0]))

struct bench {
	struct pool_dice dice;
	struct pool_set set;
	struct pool_rig r;
	hs_database_t *block;
	hs_scratch_t *scratch;
	char file[4096];
	char octets[128]; // one more than the payload has
	uint32_t len;
	uint32_t cases, in_data, in_end;
	void (*between)(struct bench *b); // any two cuts; may be NULL
};

// What Hyperscan reports of a payload, a bit for each id, by end offset; and without what only the end
// brings.
static uint64_t whole[130], open_end[130];

static void write_expression(char *to, struct pool_dice *d, uint32_t depth, uint32_t n) {
	uint32_t kind = depth == 0 ? 0 : pool_draw(d, 5);
	to += strlen(to);
	if (kind == 0) {
		sprintf(to, "%u", 1 + pool_draw(d, n));
	} else if (kind == 1) {
		strcat(to, "!(");
		write_expression(to, d, depth - 1, n);
		strcat(to, ")");
	} else if (kind == 2) {
		sprintf(to, "!%u", 1 + pool_draw(d, n));
	} else {
		bool grouped = pool_draw(d, 2);
		strcat(to, grouped ? "(" : "");
		write_expression(to, d, depth - 1, n);
		strcat(to, pool_draw(d, 2) ? " & " : "|");
		write_expression(to, d, depth - 1, n);
		strcat(to, grouped ? ")" : "");
	}
}

// The flags come behind the slash, and what is in braces behind these.
static void write_operand(char *to, struct pool_dice *d, uint32_t id) {
	const char *text = operands[pool_draw(d, N_OPERANDS)], *slash = strrchr(text, '/');
	size_t head = (size_t)(slash + 1 - text);
	to += strlen(to);
	sprintf(to, "%u:/%.*s%s%s\n", id, (int)head, text, pool_draw(d, 2) ? "Q" : "", slash + 1);
}

static void write_combination(char *to, struct pool_dice *d, uint32_t id, uint32_t n) {
	char expr[1000];
	do {
		expr[0] = '\0';
		write_expression(expr, d, 1 + pool_draw(d, 4), n);
	} while (strpbrk(expr, "!&|") == NULL);
	to += strlen(to);
	to += sprintf(to, "%u:/%s/C%s", id, expr, pool_draw(d, 4) == 0 ? "H" : "");
	if (strchr(expr, '!') == NULL && pool_draw(d, 3) == 0)
		to += sprintf(
			to, "{min_offset=%u,max_offset=%u}", pool_draw(d, 8), 8 + pool_draw(d, 20)
		);
	strcat(to, "\n");
}

static void write_file(struct bench *b) {
	struct pool_dice *d = &b->dice;
	uint32_t n = 1 + pool_draw(d, OPERANDS_MAX),
		 combinations = 1 + pool_draw(d, COMBINATIONS_MAX);
	b->file[0] = '\0';
	for (uint32_t i = 0; i < combinations; i += 2)
		write_combination(b->file, d, 11 + i, n);
	for (uint32_t i = 1; i <= n; i++)
		write_operand(b->file, d, i);
	for (uint32_t i = 1; i < combinations; i += 2)
		write_combination(b->file, d, 11 + i, n);
}

// The patterns as they are, and one that reports all octets: Hyperscan does not look into what is shorter
// than any match, and leaves a scan when all patterns have reported all they may, in both cases without
// a look at combinations.
static void open_block(struct bench *b) {
	const char *texts[16];
	unsigned flags[16], ids[16];
	hs_expr_ext_t ext[16] = {};
	const hs_expr_ext_t *exts[16] = {};
	hs_compile_error_t *error = NULL;
	uint32_t n = b->set.patterns->n_patterns;
	for (uint32_t i = 0; i < n; i++) {
		const struct pattern *p = &b->set.patterns->patterns[i];
		texts[i] = p->regex;
		flags[i] = p->flags;
		ids[i] = p->id;
		ext[i].flags = p->ext;
		ext[i].min_offset = p->min_offset;
		ext[i].max_offset = p->max_offset;
		exts[i] = &ext[i];
	}
	texts[n] = "[\\x00-\\xff]";
	flags[n] = 0;
	ids[n] = COMPANION;
	hs_compile_ext_multi(
		texts, flags, ids, exts, n + 1, HS_MODE_BLOCK, NULL, &b->block, &error
	);
	cr_assert_null(error, "%s%s", b->file, error != NULL ? error->message : "");
	cr_assert_eq(hs_alloc_scratch(b->block, &b->scratch), HS_SUCCESS);
}

static void open_file(struct bench *b, uint64_t memory) {
	write_file(b);
	pool_set_open(&b->set, b->file, "");
	pool_rig_open(&b->r, &b->set, memory);
	open_block(b);
}

static void close_file(struct bench *b) {
	cr_assert_eq(stream_pool_stats(b->r.p)->failed, 0);
	pool_rig_close(&b->r);
	pool_set_close(&b->set);
	hs_free_database(b->block);
}

static void close_bench(struct bench *b) {
	hs_free_scratch(b->scratch);
	cr_assert_gt(b->cases, FILES * PAYLOADS * 4);
	cr_assert_gt(b->in_data * 2, b->cases, "%u told in %u cases", b->in_data, b->cases);
	cr_assert_gt(b->in_end * 50, b->cases, "%u ends tell in %u cases", b->in_end, b->cases);
}

static void make_payload(struct bench *b) {
	struct pool_dice *d = &b->dice;
	b->len = 1 + pool_draw(d, pool_draw(d, 3) ? 12 : 60);
	for (uint32_t i = 0; i < b->len; i++)
		b->octets[i] = "abcaabc\nx"[pool_draw(d, pool_draw(d, 4) ? 7 : 9)];
	b->octets[b->len] = 'x';
}

static int
reported(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	uint64_t *at = ctx;
	if (id != COMPANION)
		at[to] |= (uint64_t)1 << id;
	return 0;
}

// What Hyperscan reports of a part of the payload, by end offset there: with the end, and without what
// only the end brings, which is behind an octet more.
static void
scan_block(struct bench *b, uint32_t from, uint32_t to, uint64_t *with, uint64_t *without) {
	char *octets = &b->octets[from];
	uint32_t len = to - from;
	char behind = octets[len];
	octets[len] = 'x';
	memset(with, 0, (len + 2) * sizeof(*with));
	memset(without, 0, (len + 2) * sizeof(*without));
	hs_scan(b->block, octets, len, 0, b->scratch, reported, with);
	hs_scan(b->block, octets, len + 1, 0, b->scratch, reported, without);
	octets[len] = behind;
	for (uint32_t i = 0; i < len; i++)
		cr_assert_eq(with[i], without[i]);
}

static uint64_t told(const struct pool_rig *r) {
	uint64_t ids = 0;
	for (uint32_t i = 0; i < r->n; i++)
		ids |= (uint64_t)1 << r->ids[i];
	return ids;
}

static void compare(struct bench *b, uint64_t is, uint64_t should, uint64_t may, const char *what) {
	cr_assert_eq(
		is & ~may, should & ~may, "%s: told %lx, expected %lx, in doubt %lx\n%s\"%.*s\"",
		what, (unsigned long)is, (unsigned long)should, (unsigned long)may, b->file,
		(int)b->len, b->octets
	);
	cr_assert_eq(is & ~(should | may), 0);
}

// What ends in (from, to], and for the first piece at 0, too.
static uint64_t ending_in(const uint64_t *at, uint32_t from, uint32_t to) {
	uint64_t ids = from == 0 ? at[0] : 0;
	for (uint32_t i = from + 1; i <= to; i++)
		ids |= at[i];
	return ids;
}

static void try_cuts(struct bench *b, const uint32_t *cuts, uint32_t n) {
	struct match_stream *s = NULL;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t from = i > 0 ? cuts[i - 1] : 0;
		if (i > 0 && b->between != NULL)
			b->between(b);
		pool_rig_scan_octets(&b->r, &s, &b->octets[from], cuts[i] - from);
		compare(b, told(&b->r), ending_in(open_end, from, cuts[i]), 0, "in the data");
		b->in_data += b->r.n;
	}
	// What the last octet and the end both bring Hyperscan reports once, for it knows of the end.
	uint64_t by_end = whole[b->len] & ~open_end[b->len],
		 both = whole[b->len] & open_end[b->len];
	pool_rig_end(&b->r, &s);
	compare(b, told(&b->r), by_end, both, "at the end");
	b->in_end += b->r.n;
	uint64_t again = told(&b->r);
	pool_rig_end(&b->r, &s);
	cr_assert_eq(again, told(&b->r), "an end changes nothing");
	stream_pool_close(b->r.p, &s);
	b->cases++;
}

static void try_payload(struct bench *b) {
	uint32_t cuts[PLANT_CUTS];
	make_payload(b);
	scan_block(b, 0, b->len, whole, open_end);
	try_cuts(b, &b->len, 1);
	for (uint32_t at = 1; at < b->len; at++)
		try_cuts(b, (uint32_t[]){at, b->len}, 2);
	for (uint32_t i = 0; i < 6; i++)
		try_cuts(b, cuts, plant_cuts(&b->dice, b->len, PLANT_CUTS, cuts));
}

static void try_files(struct bench *b) {
	for (uint32_t i = 0; i < FILES; i++) {
		open_file(b, MEMORY);
		for (uint32_t k = 0; k < PAYLOADS; k++)
			try_payload(b);
		cr_assert_eq(stream_pool_stats(b->r.p)->over_budget, 0);
		close_file(b);
	}
	close_bench(b);
}

Test(stream_pool_combination, is_told_where_hyperscan_reports_it_in_the_whole, .timeout = 250) {
	static struct bench b = {.dice = {0x9e3779b97f4a7c15}};
	try_files(&b);
}

static void compress(struct bench *b) {
	b->r.now_us += b->r.conf.idle_us;
	pool_rig_advance(&b->r, 1);
}

Test(stream_pool_combination, is_told_when_compressed_between_any_two_cuts, .timeout = 250) {
	static struct bench b = {.dice = {0xd1b54a32d192ed03}, .between = compress};
	try_files(&b);
}

Test(stream_pool_combination, is_told_of_each_piece_when_nothing_has_room, .timeout = 250) {
	static struct bench b = {.dice = {0x2545f4914f6cdd1d}};
	uint32_t cuts[PLANT_CUTS];
	for (uint32_t k = 0; k < FILES; k++) {
		open_file(&b, 100);
		for (uint32_t j = 0; j < PAYLOADS * 8; j++) {
			struct match_stream *s = NULL;
			make_payload(&b);
			uint32_t n = plant_cuts(&b.dice, b.len, PLANT_CUTS, cuts);
			for (uint32_t i = 0; i < n; i++) {
				uint32_t from = i > 0 ? cuts[i - 1] : 0, len = cuts[i] - from;
				scan_block(&b, from, cuts[i], whole, open_end);
				pool_rig_scan_octets(&b.r, &s, &b.octets[from], len);
				uint64_t all = ending_in(whole, 0, len);
				compare(&b, told(&b.r), all | ending_in(open_end, 0, len), 0,
					"alone");
				b.in_data += b.r.n;
				b.in_end += (all & ~ending_in(open_end, 0, len)) != 0;
				b.cases++;
			}
		}
		close_file(&b);
	}
	close_bench(&b);
}

Test(stream_pool_combination, goes_on_when_sets_change_in_its_midst) {
	struct pool_set one, other;
	struct pool_rig r;
	struct match_stream *s = NULL;
	pool_set_open(
		&one, "1:/abc/Q\n2:/xyz/Q\n3:/1 & 2/C\n4:/1 & !2/CH\n5:/1 | 2/C\n9:/!2/C\n", ""
	);
	// Of these 5 is another, and 6 is new.
	pool_set_open(
		&other,
		"9:/!2/C\n3:/1 & 2/C\n1:/abc/Q\n4:/1 & !2/CH\n2:/xyz/Q\n5:/1 & !2/C\n6:/2 | 1/C\n",
		""
	);
	pool_rig_open(&r, &one, MEMORY);
	assert_told(pool_rig_scan(&r, &s, "abc"), "4 5");
	assert_told(pool_rig_scan(&r, &s, "xy"), "");
	pool_rig_use(&r, &other);
	assert_told(pool_rig_scan(&r, &s, "z"), "3");
	assert_told(pool_rig_end(&r, &s), "");
	assert_told(pool_rig_scan(&r, &s, "abc"), "3 5 6");
	stream_pool_close(r.p, &s);
	assert_told(pool_rig_scan(&r, &s, "abc"), "4 5 6");
	pool_rig_use(&r, &one);
	assert_told(pool_rig_scan(&r, &s, "abc"), "5");
	assert_told(pool_rig_end(&r, &s), "9");
	assert_told(pool_rig_scan(&r, &s, "xyz"), "3 5");
	stream_pool_close(r.p, &s);
	pool_rig_close(&r);
	pool_set_close(&other);
	pool_set_close(&one);
}

// What a stream remembers beside Hyperscan's own state, for combinations over one pattern.
Test(stream_pool_combination, is_told_of_very_many_over_one_pattern) {
	static char file[65536];
	struct pool_set set;
	struct pool_rig r;
	struct match_stream *s = NULL;
	size_t len = (size_t)sprintf(file, "1:/one/Q\n2:/two/Q\n3:/three/Q\n");
	for (uint32_t i = 0; i < 200; i++)
		len += (size_t)sprintf(&file[len], "%u:/1 & %s/C\n", 10 + i, i % 2 ? "2" : "!3");
	pool_set_open(&set, file, "");
	pool_rig_open(&r, &set, MEMORY);
	pool_rig_scan(&r, &s, "one");
	cr_assert_eq(r.n, 100u);
	pool_rig_scan(&r, &s, "three");
	cr_assert_eq(r.n, 0u);
	pool_rig_scan(&r, &s, "two");
	cr_assert_eq(r.n, 100u);
	pool_rig_scan(&r, &s, "one");
	cr_assert_eq(r.n, 100u);
	stream_pool_close(r.p, &s);
	pool_rig_close(&r);
	pool_set_close(&set);
}

Test(stream_pool_combination, of_a_gap_remembers_nothing) {
	struct pool_set set;
	struct pool_rig r;
	struct match_stream *s = NULL;
	pool_set_open(&set, "1:/abc/Q\n2:/xyz/Q\n3:/1 & 2/C\n4:/2 & !1/C\n5:/1 | 2/CH\n", "");
	pool_rig_open(&r, &set, MEMORY);
	assert_told(pool_rig_scan(&r, &s, "abc"), "5");
	stream_pool_restart(r.p, &s);
	assert_told(pool_rig_scan(&r, &s, "xyz"), "4 5");
	assert_told(pool_rig_scan(&r, &s, "xyz"), "4");
	stream_pool_close(r.p, &s);
	pool_rig_close(&r);
	pool_set_close(&set);
}
