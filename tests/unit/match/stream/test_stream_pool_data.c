// The pool against Hyperscan's block mode over the pattern sets that others made: its own benchmark sets
// and the expressions of its collider. They lie beside the project or the tests are skipped.

#include "stream_pool_plant.h"
#include "stream_pool_reference.h"

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#define PATTERNS SOURCE_ROOT "/../shared/data/patterns"
#define MEMORY (16u << 20)

struct bench {
	struct pool_set set;
	struct pool_rig r;
	struct pool_reference ref;
	struct pool_dice dice;
	struct pool_plant plant;
	uint32_t cases, told;
};

static struct pool_told want, got;

static double seconds(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool open_bench(struct bench *b, const char *path) {
	struct err err = {};
	*b = (struct bench){.dice = {0xd1b54a32d192ed03}, .set.patterns = ruleset_new()};
	cr_assert_eq(ruleset_add_file(b->set.patterns, path, &err), 0, "%s", err.text);
	// Octets that are no UTF-8 may do anything to such; combinations have a test of their own.
	for (uint32_t i = b->set.patterns->n_patterns; i-- > 0;) {
		uint32_t flags = b->set.patterns->patterns[i].flags;
		if ((flags & (PATTERN_UTF8 | PATTERN_COMBINATION | PATTERN_QUIET)) != 0)
			ruleset_refuse(b->set.patterns, i, "test", "left out");
	}
	pool_set_make(&b->set);
	if (b->set.n == 0) {
		pool_set_close(&b->set);
		return false;
	}
	pool_rig_open(&b->r, &b->set, MEMORY);
	reference_open(&b->ref, &b->set, &b->r.key);
	return true;
}

static void close_bench(struct bench *b) {
	reference_close(&b->ref);
	pool_rig_close(&b->r);
	pool_set_close(&b->set);
}

static void try_cuts(struct bench *b, const uint32_t *cuts, uint32_t n, bool compress) {
	struct match_stream *s = NULL;
	want.n = got.n = 0;
	for (uint32_t i = 0; i <= n; i++) {
		uint32_t from = i > 0 ? cuts[i - 1] : 0;
		if (i < n)
			pool_rig_scan_octets(&b->r, &s, &b->plant.octets[from], cuts[i] - from);
		else
			pool_rig_end(&b->r, &s);
		for (uint32_t k = 0; k < b->r.n; k++)
			told_add(&got, i, b->r.ids[k]);
		if (compress) {
			b->r.now_us += b->r.conf.idle_us;
			pool_rig_advance(&b->r, 1);
		}
	}
	stream_pool_close(b->r.p, &s);
	reference_tell(&b->ref, cuts, n, 0, false, &want);
	told_settle(&want);
	told_settle(&got);
	bool equal = want.n == got.n && memcmp(want.pairs, got.pairs, want.n * 8) == 0;
	cr_assert(
		equal, "%u cuts, the first at %u of %u: told%s, expected%s\n%.*s", n, cuts[0],
		b->plant.len, told_show(&got), told_show(&want), (int)b->plant.len, b->plant.octets
	);
	b->cases++;
	b->told += want.n;
}

// Until the time is up, and at least once.
static void try_payloads(struct bench *b, double until) {
	uint32_t cuts[PLANT_CUTS];
	do {
		plant_make(&b->plant, &b->dice, &b->set);
		reference_scan(&b->ref, b->plant.octets, b->plant.len);
		for (int i = 0; i < 12; i++) {
			uint32_t n = plant_cuts(&b->dice, b->plant.len, PLANT_CUTS, cuts);
			try_cuts(b, cuts, n, i % 3 == 0);
		}
		uint32_t stride = 1 + b->plant.len / 40;
		for (uint32_t at = 1; at < b->plant.len; at += stride)
			try_cuts(b, (uint32_t[]){at, b->plant.len}, 2, false);
	} while (seconds() < until);
}

static void try_set(const char *name) {
	char path[512];
	struct bench b;
	snprintf(path, sizeof(path), PATTERNS "/hsbench/%s", name);
	if (access(path, R_OK) != 0)
		cr_skip_test("%s is not there", path);
	cr_assert(open_bench(&b, path));
	try_payloads(&b, seconds() + 2);
	cr_assert_gt(b.cases, 100);
	cr_assert_gt(b.told * 4, b.cases, "%u told in %u cases", b.told, b.cases);
	close_bench(&b);
}

Test(stream_pool_data, snort_literals_are_told_wherever_they_are_cut, .timeout = 250) {
	try_set("snort_literals");
}

Test(stream_pool_data, snort_pcres_are_told_wherever_they_are_cut, .timeout = 250) {
	try_set("snort_pcres");
}

Test(stream_pool_data, teakettle_2500_is_told_wherever_it_is_cut, .timeout = 250) {
	try_set("teakettle_2500");
}

static int text_files(const struct dirent *e) {
	size_t len = strlen(e->d_name);
	return len > 4 && strcmp(e->d_name + len - 4, ".txt") == 0;
}

Test(stream_pool_data, collider_expressions_are_told_wherever_they_are_cut, .timeout = 250) {
	struct dirent **files;
	uint32_t cases = 0, told = 0;
	if (access(PATTERNS "/hscollider/pcre", R_OK) != 0)
		cr_skip_test("%s is not there", PATTERNS "/hscollider/pcre");
	int n = scandir(PATTERNS "/hscollider/pcre", &files, text_files, alphasort);
	cr_assert_gt(n, 10);
	for (int i = 0; i < n; i++) {
		char path[1024];
		struct bench b;
		snprintf(path, sizeof(path), PATTERNS "/hscollider/pcre/%s", files[i]->d_name);
		free(files[i]);
		if (!open_bench(&b, path))
			continue;
		try_payloads(&b, seconds() + 0.1);
		cases += b.cases;
		told += b.told;
		close_bench(&b);
	}
	free(files);
	cr_assert_gt(cases, 1000);
	cr_assert_gt(told, cases);
}
