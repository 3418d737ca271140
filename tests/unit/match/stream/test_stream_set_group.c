// lib/match/stream/stream_set_group.c: databases for streams come back from disk only when they fit exactly, and
// rules that cannot be compiled together do not take the others with them.

#include "match/stream/stream_set_group.h"

#include "match/matcher_cache.h"

#include "cache_folder.h"
#include "stream_set_rig.h"

#define TCP "alert tcp any any -> any any "
// Hyperscan says no.
#define NEVER "^a\\b\\B"

// Makes a set, checks it, and says how many of its groups came from the cache.
static uint32_t use_cache(uint32_t *groups) {
	const struct stream_set_config conf = {.cache_dir = cache_dir};
	struct flow_key key = tcp_key();
	struct stream_set_stats stats;
	struct set_rig g;
	rig_init(
		&g, "1:/abc/\n2:/(/\n3:/xyz/\n4:/1 & 3/C\n",
		TCP "(content:\"one\"; content:\"two\"; sid:11;)\n" TCP
		    "(content:\"pp\"; pcre:\"/" NEVER "/\"; content:\"b\"; sid:12;)\n"
		    "alert tcp any any -> any 80 (content:\"three\"; sid:13;)\n",
		&conf
	);
	cr_expect_eq(g.patterns->n_refusals, 1u);
	cr_expect_eq(g.rules.n_refusals, 1u);
	cr_expect_str_eq(g.rules.refusals[0].rule, "sid 12");
	cr_expect_str_eq(
		rig_run(&g, &key, DETECT_TO_SERVER, "xyz abc two one three pp"), "1 3 4 11 13"
	);
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "xyz"), "3");
	key.dst_port = 81;
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, "two one three"), "11");
	stream_set_stats(g.set, &stats);
	*groups = stats.groups;
	rig_fini(&g);
	return stats.from_cache;
}

Test(stream_set_group, databases_are_kept, .init = open_dir, .fini = close_dir, .timeout = 120) {
	uint32_t n;
	cr_expect_eq(use_cache(&n), 0u);
	cr_expect_gt(n, 1u);
	cr_expect_eq(find_file(), n);
	cr_expect_eq(use_cache(&n), n);
	cr_expect_eq(find_file(), n);
}

Test(stream_set_group, damaged_databases_are_rebuilt, .init = open_dir, .fini = close_dir,
     .timeout = 120) {
	uint32_t n;
	use_cache(&n);
	find_file();
	const long size = file_size();
	for (long at = 3; at < size; at = at * 2 + 1) {
		flip(at, 0x10);
		cr_expect_eq(use_cache(&n), n - 1, "octet %ld", at);
		cr_expect_eq(use_cache(&n), n, "octet %ld is mended", at);
	}
	cr_assert_eq(truncate(cache_file, size / 2), 0);
	cr_expect_eq(use_cache(&n), n - 1);
}

Test(stream_set_group, a_block_database_under_a_streams_key_is_not_used, .init = open_dir,
     .fini = close_dir) {
	struct ruleset *rs = rig_patterns("1:/abc/\n");
	struct compile_verdict v = {};
	struct matcher_key key;
	hs_database_t *db;
	struct err err = {};
	const struct stream_set_config conf = {.cache_dir = cache_dir};
	struct stream_set_stats stats;
	size_t octets;
	cr_assert_eq(matcher_key_make(&key, rs, MATCHER_STREAM), 0);
	cr_assert_eq(matcher_compile(rs, MATCHER_BLOCK, &v, &db, &err), 0);
	cr_assert_eq(matcher_cache_store(cache_dir, &key, &v, 1, db, &err), 0);
	struct stream_set *s = stream_set_new(rs, NULL, &conf, &err);
	cr_assert_not_null(s, "%s", err.text);
	stream_set_stats(s, &stats);
	cr_expect_eq(stats.from_cache, 0u);
	cr_expect_eq(hs_stream_size(stream_set_group(s, 0)->db, &octets), HS_SUCCESS);
	stream_set_free(s);
	s = stream_set_new(rs, NULL, &conf, &err);
	cr_assert_not_null(s, "%s", err.text);
	stream_set_stats(s, &stats);
	cr_expect_eq(stats.from_cache, 1u, "it was replaced");
	stream_set_free(s);
	hs_free_database(db);
	free(key.data);
	ruleset_free(rs);
}

// Stands for a build that runs out of some resource, which Hyperscan reports without a name.
static void *small_only(size_t size) {
	return size < 10000 ? malloc(size) : NULL;
}

Test(stream_set_group, of_rules_that_fail_only_together_the_literals_stay, .timeout = 60) {
	char *text = NULL;
	size_t len = 0;
	const struct stream_set_config conf = {.groups = 1};
	struct flow_key key = tcp_key();
	struct set_rig g;
	FILE *f = open_memstream(&text, &len);
	for (uint32_t i = 1; i <= 600; i++)
		fprintf(f, TCP "(content:\"w%08x\"; %s sid:%u;)\n", i * 2654435761u,
			i % 200 == 0 ? "" : "content:\"x\"; distance:0;", i);
	fclose(f);
	hs_set_database_allocator(small_only, free);
	rig_init(&g, "", text, &conf);
	cr_assert_eq(g.rules.n_rules, 3u);
	cr_assert_eq(g.rules.n_refusals, 597u);
	cr_expect_str_eq(g.rules.refusals[0].group, "too_large");
	cr_expect_not_null(
		strstr(g.rules.refusals[0].reason, "stream: 600 patterns cannot be compiled"), "%s",
		g.rules.refusals[0].reason
	);
	char stream[64];
	snprintf(stream, sizeof(stream), "w%08x w%08x x", 400 * 2654435761u, 7 * 2654435761u);
	cr_expect_str_eq(rig_run(&g, &key, DETECT_TO_SERVER, stream), "400");
	rig_fini(&g);
	free(text);
}
