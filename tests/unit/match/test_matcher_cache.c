// lib/match/matcher_cache.c: compiled databases come back from disk, only when they fit exactly, and
// match as before.

#include "match/matcher_cache.h"

#include "match/matcher.h"

#include "cache_folder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RULES "1:/abc/\n2:/(/\n3:/a*/\n4:/xyz/Q\n5:/1&4/C\n6:/4&2/C\n7:/foo.*bar/s\n"
#define PAYLOAD "abc xyz foo bar"
#define EVENTS 3

static struct ruleset *load(const char *text) {
	struct ruleset *rs = ruleset_new();
	struct err err = {};
	cr_assert_eq(ruleset_add_text(rs, "t.hs", text, strlen(text), &err), 0, "%s", err.text);
	return rs;
}

// Makes a matcher, checks that it is right, and says whether it came from the cache.
static bool use(const char *where) {
	struct ruleset *rs = load(RULES);
	struct matcher_config conf = {.cache_dir = where};
	struct err err = {};
	struct matcher *m = matcher_new(rs, &conf, &err);
	cr_assert_not_null(m, "%s", err.text);
	struct match_scratch *s = match_scratch_new(m);
	cr_assert_not_null(s);
	cr_assert_eq(matcher_rules(m), 4u);
	cr_assert_gt(matcher_bytes(m), 0u);
	cr_assert_eq(matcher_scan(m, s, (const uint8_t *)PAYLOAD, sizeof(PAYLOAD) - 1), EVENTS);
	cr_assert_eq(matcher_scan(m, s, (const uint8_t *)"xyz", 3), 0u);
	cr_assert_eq(rs->n_refusals, 3u);
	cr_assert_str_eq(rs->refusals[0].rule, "2");
	cr_assert_eq(rs->refusals[0].line, 2u);
	cr_assert_not_null(strstr(rs->refusals[0].reason, "Missing close parenthesis"));
	cr_assert_str_eq(rs->refusals[1].group, "compile");
	cr_assert_str_eq(rs->refusals[2].group, "combination");
	bool hit = matcher_from_cache(m);
	match_scratch_free(s);
	matcher_free(m);
	ruleset_free(rs);
	return hit;
}

Test(matcher_cache, the_second_run_compiles_nothing, .init = open_dir, .fini = close_dir) {
	cr_assert_not(use(cache_dir));
	cr_assert(use(cache_dir));
	cr_assert(use(cache_dir));
	cr_assert_eq(find_file(), 1u);
	cr_assert_not(use(NULL), "no folder, no cache");
}

Test(matcher_cache, damage_is_rebuilt_and_replaced, .init = open_dir, .fini = close_dir,
     .timeout = 120) {
	cr_assert_not(use(cache_dir));
	cr_assert_eq(find_file(), 1u);
	const long size = file_size();
	for (long at = 0; at < size; at += at < 64 ? 1 : 97) {
		flip(at, 0x10);
		cr_assert_not(use(cache_dir), "octet %ld", at);
		cr_assert_eq(find_file(), 1u);
		if (at % 5 == 0)
			cr_assert(use(cache_dir), "octet %ld was not mended", at);
	}
}

Test(matcher_cache, a_cut_file_is_rebuilt, .init = open_dir, .fini = close_dir, .timeout = 120) {
	cr_assert_not(use(cache_dir));
	cr_assert_eq(find_file(), 1u);
	for (long len = file_size() - 1; len > 0; len = len * 2 / 3) {
		cr_assert_eq(truncate(cache_file, len), 0);
		cr_assert_not(use(cache_dir), "%ld octets", len);
	}
	cr_assert_eq(truncate(cache_file, 0), 0);
	cr_assert_not(use(cache_dir));
	cr_assert(use(cache_dir));
}

Test(matcher_cache, an_unusable_folder_is_no_error) {
	log_set_level(LOG_ERROR);
	cr_assert_not(use("/proc/nowhere/cache"));
	cr_assert_not(use("/dev/null"));
}

Test(matcher_cache, a_database_that_hyperscan_cannot_take_is_no_hit, .init = open_dir,
     .fini = close_dir) {
	struct ruleset *rs = load(RULES);
	struct compile_verdict *v = calloc(rs->n_patterns, sizeof(*v));
	struct matcher_key key, other;
	hs_database_t *db, *again;
	struct err err = {};
	cr_assert_eq(matcher_key_make(&key, rs, MATCHER_BLOCK), 0);
	cr_assert_eq(matcher_compile(rs, MATCHER_BLOCK, v, &db, &err), 0);
	cr_assert_eq(matcher_cache_store(cache_dir, &key, v, rs->n_patterns, db, &err), 0);
	compile_verdicts_free(v, rs->n_patterns);
	v = calloc(rs->n_patterns, sizeof(*v));
	// For a set with fewer patterns than verdicts there are.
	cr_assert_eq(matcher_cache_load(cache_dir, &key, v, 1, &again), -EBADMSG);
	cr_assert_eq(matcher_cache_load(cache_dir, &key, v, 2, &again), -EBADMSG);
	for (uint32_t i = 0; i < rs->n_patterns; i++)
		cr_assert_null(v[i].group, "verdicts of a failed load are taken back");
	cr_assert_eq(matcher_cache_load(cache_dir, &key, v, rs->n_patterns, &again), 0);
	cr_assert_not_null(v[1].group);
	hs_free_database(again);
	// Another length of key is another key.
	other = key;
	other.len--;
	compile_verdicts_free(v, rs->n_patterns);
	v = calloc(rs->n_patterns, sizeof(*v));
	cr_assert_eq(matcher_cache_load(cache_dir, &other, v, rs->n_patterns, &again), -ENOENT);
	hs_free_database(db);
	free(key.data);
	compile_verdicts_free(v, rs->n_patterns);
	ruleset_free(rs);
}

Test(matcher_cache, whatever_changes_the_database_changes_the_key) {
	static const char *const t[] = {
		"1:/abc/\n2:/xyz/\n",
		"2:/abc/\n1:/xyz/\n",
		"1:/xyz/\n2:/abc/\n",
		"1:/abc/i\n2:/xyz/\n",
		"1:/abcx/\n2:/yz/\n",
		"1:/abc/\n",
		"1:/abc/{min_offset=1}\n2:/xyz/\n",
		"1:/abc/{max_offset=1}\n2:/xyz/\n",
		"1:/abc/{min_length=1}\n2:/xyz/\n",
		"1:/abc/{edit_distance=1}\n2:/xyz/\n",
		"1:/abc/{hamming_distance=1}\n2:/xyz/\n",
		"1:/abc/{min_offset=2}\n2:/xyz/\n",
		"1:/abc/{min_offset=0}\n2:/xyz/\n",
	};
	enum {
		N = sizeof(t) / sizeof(t[0])
	};
	struct matcher_key key[N];
	for (unsigned i = 0; i < N; i++) {
		struct ruleset *rs = load(t[i]);
		cr_assert_eq(matcher_key_make(&key[i], rs, MATCHER_BLOCK), 0);
		ruleset_free(rs);
		for (unsigned j = 0; j < i; j++)
			cr_assert(
				key[i].len != key[j].len
					|| memcmp(key[i].data, key[j].data, key[i].len) != 0,
				"%u and %u", i, j
			);
	}
	struct matcher_key streams;
	struct ruleset *first = load(t[0]);
	cr_assert_eq(matcher_key_make(&streams, first, MATCHER_STREAM), 0);
	cr_assert_eq(streams.len, key[0].len);
	cr_assert_arr_neq(streams.data, key[0].data, streams.len, "the mode");
	free(streams.data);
	ruleset_free(first);
	// Where the lines stand and what comments say does not.
	struct matcher_key same;
	struct ruleset *rs = load("# one\n\n1:/abc/\n# two\n2:/xyz/");
	cr_assert_eq(matcher_key_make(&same, rs, MATCHER_BLOCK), 0);
	cr_assert_eq(same.len, key[0].len);
	cr_assert_arr_eq(same.data, key[0].data, same.len);
	ruleset_free(rs);
	free(same.data);
	for (unsigned i = 0; i < N; i++)
		free(key[i].data);
}
