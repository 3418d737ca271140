// Each part refuses what it cannot take, streams first; then rules have their numbers.

#include "match_engine.h"

#include "match/rules/rule_table.h"

#include <errno.h>
#include <stdlib.h>

struct match_engine {
	struct rule_files files;
	struct matcher *patterns; // owned, as the next two; may be NULL
	struct detect *detect;
	struct stream_set *streams;
	struct rule_table rules;
	bool from_cache;
	uint64_t streams_digest;
};

static bool all_from_cache(const struct match_engine *e) {
	bool all = e->patterns == NULL || matcher_from_cache(e->patterns);
	if (e->detect != NULL) {
		struct detect_stats s;
		detect_stats(e->detect, &s);
		all = all && s.from_cache == s.groups;
	}
	if (e->streams != NULL) {
		struct stream_set_stats s;
		stream_set_stats(e->streams, &s);
		all = all && s.from_cache == s.groups;
	}
	return all && (e->patterns != NULL || e->detect != NULL);
}

static int
compile(struct match_engine *e, const struct match_engine_config *conf, struct err *err) {
	struct rule_files *files = &e->files;
	bool patterns = files->patterns->n_patterns > 0, rules = files->rules.n_rules > 0;
	if (conf->streams && (patterns || rules)) {
		const struct stream_set_config c = {
			.cache_dir = conf->cache_dir,
			.groups = conf->groups,
			.progress = conf->progress,
			.ctx = conf->ctx,
		};
		e->streams = stream_set_new(files->patterns, &files->rules, &c, err);
		if (e->streams == NULL)
			return -EINVAL;
	}
	if (patterns) {
		const struct matcher_config c = {.cache_dir = conf->cache_dir};
		e->patterns = matcher_new(files->patterns, &c, err);
		if (e->patterns == NULL)
			return -EINVAL;
	}
	if (rules) {
		const struct detect_config c = {
			.cache_dir = conf->cache_dir,
			.streams = conf->streams,
			.groups = conf->groups,
			.progress = conf->progress,
			.ctx = conf->ctx,
		};
		e->detect = detect_new(&files->rules, &c, err);
		if (e->detect == NULL)
			return -EINVAL;
	}
	if (e->streams != NULL && stream_set_settle(e->streams, files->patterns, &files->rules) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (rule_table_init(&e->rules, files->patterns, &files->rules) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	e->from_cache = all_from_cache(e);
	if (e->streams != NULL)
		e->streams_digest = stream_set_digest(e->streams);
	return 0;
}

struct match_engine *match_engine_new(
	struct rule_files *files, const struct match_engine_config *conf, struct err *err
) {
	struct match_engine *e = calloc(1, sizeof(*e));
	if (e == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	e->files = *files;
	*files = (struct rule_files){};
	if (compile(e, conf, err) == 0)
		return e;
	*files = e->files;
	e->files = (struct rule_files){};
	match_engine_free(e);
	return NULL;
}

void match_engine_unload(struct match_engine *e) {
	stream_set_free(e->streams);
	matcher_free(e->patterns);
	detect_free(e->detect);
	rule_files_fini(&e->files);
	e->streams = NULL;
	e->patterns = NULL;
	e->detect = NULL;
}

void match_engine_free(struct match_engine *e) {
	if (e == NULL)
		return;
	match_engine_unload(e);
	rule_table_fini(&e->rules);
	free(e);
}

uint32_t match_engine_rules(const struct match_engine *e) {
	return e->rules.n;
}

const struct rule_info *match_engine_rule(const struct match_engine *e, uint32_t i) {
	return &e->rules.info[i];
}

const struct rule_files *match_engine_files(const struct match_engine *e) {
	return &e->files;
}

bool match_engine_from_cache(const struct match_engine *e) {
	return e->from_cache;
}

const struct matcher *match_engine_patterns(const struct match_engine *e) {
	return e->patterns;
}

const struct detect *match_engine_detect(const struct match_engine *e) {
	return e->detect;
}

const struct stream_set *match_engine_streams(const struct match_engine *e) {
	return e->streams;
}

uint64_t match_engine_streams_digest(const struct match_engine *e) {
	return e->streams_digest;
}

int match_engine_map(
	const struct match_engine *old, const struct match_engine *now, uint32_t **map, bool *same
) {
	*map = NULL;
	*same = false;
	if (old->streams == NULL || now->streams == NULL)
		return 0;
	*map = calloc((size_t)old->rules.n + 1, sizeof(**map));
	if (*map == NULL)
		return -ENOMEM;
	*same = stream_set_map(old->streams, now->streams, *map, old->rules.n);
	return 0;
}
