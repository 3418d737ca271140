// Packs and unpacks what the cache keeps: the refused patterns, then the serialized database. The
// cache's CRC has found damage before anything is unpacked; bounds are checked all the same.

#include "matcher_cache.h"

#include "base/log.h"
#include "db_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Rises whenever the same ruleset is compiled in another way.
#define STRATEGY 2

// Of each refused pattern; group and reason follow, without NUL.
struct packed_verdict {
	uint32_t pattern;
	uint32_t group_len;
	uint32_t reason_len;
};

static void put_u64(FILE *f, uint64_t v) {
	fwrite(&v, sizeof(v), 1, f);
}

static void put_text(FILE *f, const char *text) {
	put_u64(f, strlen(text));
	fputs(text, f);
}

int matcher_key_make(struct matcher_key *key, const struct ruleset *rs, enum matcher_mode mode) {
	hs_platform_info_t platform = {};
	char *data = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&data, &len);
	if (f == NULL)
		return -ENOMEM;
	// One that cannot be told has no features, which compiles alike everywhere.
	hs_populate_platform(&platform);
	put_text(f, hs_version());
	put_u64(f, STRATEGY);
	put_u64(f, matcher_mode_bits(mode, rs));
	put_u64(f, platform.tune);
	put_u64(f, platform.cpu_features);
	put_u64(f, rs->n_patterns);
	for (uint32_t i = 0; i < rs->n_patterns; i++) {
		const struct pattern *p = &rs->patterns[i];
		put_u64(f, p->file);
		put_u64(f, p->id);
		put_u64(f, p->flags);
		put_u64(f, p->ext);
		put_u64(f, p->min_offset);
		put_u64(f, p->max_offset);
		put_u64(f, p->min_length);
		put_u64(f, p->edit_distance);
		put_u64(f, p->hamming_distance);
		put_text(f, p->regex);
	}
	bool failed = ferror(f) != 0;
	if (fclose(f) != 0 || failed) {
		free(data);
		return -ENOMEM;
	}
	key->data = data;
	key->len = len;
	return 0;
}

// A group is a constant elsewhere: these are all that the compiler gives.
static const char *known_group(const char *text, uint32_t len) {
	static const char *const groups[] = {
		"flags", "extension", "unsupported", "too_large", "compile", "combination",
	};
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (strlen(groups[i]) == len && memcmp(groups[i], text, len) == 0)
			return groups[i];
	}
	return NULL;
}

struct reader {
	const char *at;
	uint64_t left;
};

static const void *take(struct reader *r, uint64_t len) {
	const char *at = r->at;
	if (len > r->left)
		return NULL;
	r->at += len;
	r->left -= len;
	return at;
}

static int unpack_verdict(struct reader *r, struct compile_verdict *v, uint32_t n) {
	struct packed_verdict packed;
	const void *head = take(r, sizeof(packed));
	if (head == NULL)
		return -EBADMSG;
	memcpy(&packed, head, sizeof(packed));
	const char *text = take(r, (uint64_t)packed.group_len + packed.reason_len);
	if (text == NULL || packed.pattern >= n || v[packed.pattern].group != NULL)
		return -EBADMSG;
	struct compile_verdict one = {
		.group = known_group(text, packed.group_len),
		.reason = strndup(text + packed.group_len, packed.reason_len),
	};
	if (one.group == NULL || one.reason == NULL) {
		free(one.reason);
		return one.group == NULL ? -EBADMSG : -ENOMEM;
	}
	v[packed.pattern] = one;
	return 0;
}

static int unpack(struct reader *r, struct compile_verdict *v, uint32_t n, hs_database_t **db) {
	uint64_t refused;
	const void *head = take(r, sizeof(refused));
	if (head == NULL)
		return -EBADMSG;
	memcpy(&refused, head, sizeof(refused));
	if (refused > n)
		return -EBADMSG;
	for (uint64_t i = 0; i < refused; i++) {
		int ret = unpack_verdict(r, v, n);
		if (ret < 0)
			return ret;
	}
	*db = NULL;
	if (refused == n)
		return r->left == 0 ? 0 : -EBADMSG;
	return hs_deserialize_database(r->at, r->left, db) == HS_SUCCESS ? 0 : -EBADMSG;
}

int matcher_cache_load(
	const char *dir, const struct matcher_key *key, struct compile_verdict *v, uint32_t n,
	hs_database_t **db
) {
	void *value;
	uint64_t len;
	int ret = db_cache_load(dir, key->data, key->len, &value, &len);
	if (ret < 0)
		return ret;
	struct reader r = {.at = value, .left = len};
	ret = unpack(&r, v, n, db);
	free(value);
	for (uint32_t i = 0; ret < 0 && i < n; i++) {
		free(v[i].reason);
		v[i] = (struct compile_verdict){};
	}
	return ret;
}

static void pack_verdicts(FILE *f, const struct compile_verdict *v, uint32_t n) {
	uint64_t refused = 0;
	for (uint32_t i = 0; i < n; i++)
		refused += v[i].group != NULL;
	put_u64(f, refused);
	for (uint32_t i = 0; i < n; i++) {
		if (v[i].group == NULL)
			continue;
		struct packed_verdict packed = {
			.pattern = i,
			.group_len = (uint32_t)strlen(v[i].group),
			.reason_len = (uint32_t)strlen(v[i].reason),
		};
		fwrite(&packed, sizeof(packed), 1, f);
		fputs(v[i].group, f);
		fputs(v[i].reason, f);
	}
}

int matcher_cache_store(
	const char *dir, const struct matcher_key *key, const struct compile_verdict *v, uint32_t n,
	const hs_database_t *db, struct err *err
) {
	char *octets = NULL, *data = NULL;
	size_t n_octets = 0, len = 0;
	if (db != NULL && hs_serialize_database(db, &octets, &n_octets) != HS_SUCCESS)
		return err_set(err, -ENOMEM, "%s: database cannot be serialized", dir);
	int ret = -ENOMEM;
	FILE *f = open_memstream(&data, &len);
	if (f != NULL) {
		pack_verdicts(f, v, n);
		if (octets != NULL)
			fwrite(octets, 1, n_octets, f);
		bool failed = ferror(f) != 0;
		ret = fclose(f) != 0 || failed ? -ENOMEM : 0;
	}
	free(octets);
	if (ret == 0)
		ret = db_cache_store(dir, key->data, key->len, data, len, err);
	else
		err_set(err, ret, "%s: out of memory", dir);
	free(data);
	return ret;
}

// The key says the mode, but the file may be somebody's who knows how to make one.
static bool is_of_mode(const hs_database_t *db, enum matcher_mode mode) {
	size_t octets;
	return db == NULL
		|| (hs_stream_size(db, &octets) == HS_SUCCESS) == (mode == MATCHER_STREAM);
}

static int load_of_mode(
	const char *dir, const struct matcher_key *key, enum matcher_mode mode,
	struct compile_verdict *v, uint32_t n, hs_database_t **db
) {
	int ret = matcher_cache_load(dir, key, v, n, db);
	if (ret < 0 || is_of_mode(*db, mode))
		return ret;
	hs_free_database(*db);
	*db = NULL;
	for (uint32_t i = 0; i < n; i++) {
		free(v[i].reason);
		v[i] = (struct compile_verdict){};
	}
	return -EBADMSG;
}

int matcher_cache_compile(
	const char *dir, const struct ruleset *rs, enum matcher_mode mode,
	struct compile_verdict *v, hs_database_t **db, bool *from_cache, struct err *err
) {
	struct matcher_key key = {};
	struct err warning;
	*from_cache = false;
	if (dir == NULL || rs->n_patterns == 0)
		return matcher_compile(rs, mode, v, db, err);
	int ret = matcher_key_make(&key, rs, mode);
	if (ret < 0)
		return err_set(err, ret, "out of memory");
	ret = load_of_mode(dir, &key, mode, v, rs->n_patterns, db);
	*from_cache = ret == 0;
	if (ret == 0)
		goto out;
	if (ret == -EBADMSG)
		log_info("%s: a compiled database there is not usable and is rebuilt", dir);
	ret = matcher_compile(rs, mode, v, db, err);
	// Not to keep it costs time at the next start, and nothing else.
	if (ret == 0 && matcher_cache_store(dir, &key, v, rs->n_patterns, *db, &warning) < 0)
		log_warn("compiled patterns are not kept: %s", warning.text);
out:
	free(key.data);
	return ret;
}
