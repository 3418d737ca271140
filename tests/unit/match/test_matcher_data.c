// The matcher against pattern sets that others made: Hyperscan's own collider cases with the matches
// they must give, and its benchmark sets. They lie beside the project or the tests are skipped.

#include "match/matcher.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATTERNS SOURCE_ROOT "/../shared/data/patterns"

// Under a sanitizer Hyperscan's compiler, which allocates a lot, is ten times slower: some cases do.
#if defined(__SANITIZE_ADDRESS__)
#define EVERY 5
#else
#define EVERY 1
#endif

static void skip_without(const char *path) {
	if (access(path, R_OK) != 0)
		cr_skip_test("%s is not there", path);
}

static struct matcher *compile(struct ruleset *rs) {
	static const struct matcher_config conf = {};
	struct err err = {};
	struct matcher *m = matcher_new(rs, &conf, &err);
	cr_assert_not_null(m, "%s", err.text);
	return m;
}

static void assert_set(const char *name, uint32_t accepted) {
	char path[512];
	struct err err = {};
	snprintf(path, sizeof(path), "%s/hsbench/%s", PATTERNS, name);
	skip_without(path);
	struct ruleset *rs = ruleset_new();
	cr_assert_eq(ruleset_add_file(rs, path, &err), 0, "%s", err.text);
	struct matcher *m = compile(rs);
	cr_assert_eq(matcher_rules(m), accepted);
	cr_assert_eq(rs->n_refusals, 0u);
	matcher_free(m);
	ruleset_free(rs);
}

Test(matcher_data, snort_literals_are_all_accepted, .timeout = 250) {
	assert_set("snort_literals", 3116);
}

Test(matcher_data, snort_pcres_are_all_accepted, .timeout = 250) {
	assert_set("snort_pcres", 847);
}

Test(matcher_data, teakettle_2500_is_all_accepted, .timeout = 250) {
	assert_set("teakettle_2500", 2500);
}

// One case of a corpus: `ID="DATA": END,END` says which ends a match must have, `ID:DATA` does not.
struct sample {
	uint32_t id;
	bool known;
	bool matches;
	uint8_t *data;
	uint32_t len;
};

static uint8_t unescape(const char **p) {
	static const char letters[] = "0aefnvrt", octets[] = "\0\a\x1b\f\n\v\r\t";
	const char *at;
	char hex[3] = {};
	if (**p != '\\' || (*p)[1] == '\0')
		return (uint8_t) * (*p)++;
	char c = (*p)[1];
	if (c == 'x' && strspn(*p + 2, "0123456789abcdefABCDEF") >= 2) {
		memcpy(hex, *p + 2, 2);
		*p += 4;
		return (uint8_t)strtoul(hex, NULL, 16);
	}
	*p += 2;
	at = strchr(letters, c);
	return (uint8_t)(at != NULL ? octets[at - letters] : c);
}

static bool read_sample(char *line, struct sample *s) {
	char *end;
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return false;
	s->id = (uint32_t)strtoul(line, &end, 10);
	s->known = end[0] == '=';
	const char *p = end + (s->known ? 2 : 1);
	s->data = malloc(strlen(p) + 1);
	s->len = 0;
	while (*p != '\0' && !(s->known && *p == '"'))
		s->data[s->len++] = unescape(&p);
	s->matches = s->known && p[strcspn(p, "0123456789")] != '\0';
	return true;
}

// A matcher for every pattern alone, and one for them all.
struct collider {
	uint32_t n;
	uint32_t *id;
	bool *approximate; // flag P: may match more
	struct matcher **alone;
	struct match_scratch **alone_scratch;
	struct matcher *all;
	struct match_scratch *all_scratch;
};

static void add_alone(struct collider *c, char *line) {
	struct ruleset *rs = ruleset_new();
	struct err err = {};
	cr_assert_eq(ruleset_add_text(rs, "one", line, strlen(line), &err), 0);
	struct matcher *m = compile(rs);
	if (matcher_rules(m) == 1) {
		c->id[c->n] = rs->patterns[0].id;
		c->approximate[c->n] = (rs->patterns[0].flags & PATTERN_PREFILTER) != 0;
		c->alone[c->n] = m;
		c->alone_scratch[c->n++] = match_scratch_new(m);
	} else {
		matcher_free(m);
	}
	ruleset_free(rs);
}

// Takes every `step`-th pattern of a file.
static void open_collider(struct collider *c, const char *path, unsigned step) {
	char *line = NULL, *text = NULL;
	size_t size = 0, text_len = 0;
	unsigned n = 0;
	struct err err = {};
	FILE *f = fopen(path, "r");
	FILE *taken = open_memstream(&text, &text_len);
	cr_assert_not_null(f);
	*c = (struct collider){
		.id = calloc(10000, sizeof(*c->id)),
		.approximate = calloc(10000, sizeof(*c->approximate)),
		.alone = calloc(10000, sizeof(void *)),
		.alone_scratch = calloc(10000, sizeof(void *)),
	};
	while (getline(&line, &size, f) > 0) {
		if (line[0] < '0' || line[0] > '9' || n++ % step != 0)
			continue;
		cr_assert_lt(c->n, 10000u);
		add_alone(c, line);
		fputs(line, taken);
	}
	fclose(f);
	fclose(taken);
	struct ruleset *rs = ruleset_new();
	cr_assert_eq(ruleset_add_text(rs, path, text, text_len, &err), 0);
	c->all = compile(rs);
	c->all_scratch = match_scratch_new(c->all);
	cr_assert_eq(matcher_rules(c->all), c->n, "%s: alone and together the same", path);
	ruleset_free(rs);
	free(text);
	free(line);
}

static void close_collider(struct collider *c) {
	for (uint32_t i = 0; i < c->n; i++) {
		match_scratch_free(c->alone_scratch[i]);
		matcher_free(c->alone[i]);
	}
	match_scratch_free(c->all_scratch);
	matcher_free(c->all);
	free(c->alone);
	free(c->alone_scratch);
	free(c->approximate);
	free(c->id);
}

// The case's own pattern as the corpus says, and all patterns together as each alone.
static unsigned check_sample(struct collider *c, const char *path, const struct sample *s) {
	unsigned checked = 0;
	uint32_t sum = 0;
	for (uint32_t i = 0; i < c->n; i++) {
		uint32_t one = matcher_scan(c->alone[i], c->alone_scratch[i], s->data, s->len);
		sum += one;
		if (c->id[i] != s->id || !s->known || s->len == 0)
			continue;
		cr_expect(
			one == s->matches || (c->approximate[i] && one == 1),
			"%s: %u: %.*s: %u events", path, s->id, (int)s->len, (const char *)s->data,
			one
		);
		checked++;
	}
	uint32_t all = matcher_scan(c->all, c->all_scratch, s->data, s->len);
	cr_expect_eq(all, sum, "%s: %u: %u events together, %u alone", path, s->id, all, sum);
	return checked;
}

static unsigned check_file(const char *name, unsigned step) {
	char path[512];
	char *line = NULL;
	size_t size = 0;
	struct collider c;
	struct sample s;
	unsigned checked = 0;
	snprintf(path, sizeof(path), PATTERNS "/hscollider/pcre/%s", name);
	open_collider(&c, path, step);
	snprintf(path, sizeof(path), PATTERNS "/hscollider/corpora/%s", name);
	FILE *f = fopen(path, "r");
	cr_assert_not_null(f, "%s", path);
	while (getline(&line, &size, f) > 0) {
		if (!read_sample(line, &s))
			continue;
		checked += check_sample(&c, name, &s);
		free(s.data);
	}
	fclose(f);
	free(line);
	close_collider(&c);
	return checked;
}

// Files whose patterns take Hyperscan a tenth of a second each to compile: some of them do.
static unsigned step_of(const char *name) {
	bool slow = strcmp(name, "ucp.txt") == 0 || strcmp(name, "utf8.txt") == 0
		|| strcmp(name, "charclass.txt") == 0;
	const char *step = getenv("SLUICE_COLLIDER_STEP");
	if (step != NULL)
		return (unsigned)strtoul(step, NULL, 10);
	return slow ? 8 * EVERY : EVERY;
}

Test(matcher_data, collider_cases_match_where_they_must_and_nowhere_else, .timeout = 280) {
	unsigned checked = 0, files = 0;
	skip_without(PATTERNS "/hscollider/pcre");
	DIR *d = opendir(PATTERNS "/hscollider/pcre");
	cr_assert_not_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		checked += check_file(e->d_name, step_of(e->d_name));
		files++;
	}
	closedir(d);
	cr_assert_eq(files, 27u);
	cr_assert_gt(checked, 10000u / EVERY);
}
