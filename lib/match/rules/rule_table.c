// Everything is copied into memory of the table's own: what was read is freed when nobody matches any
// more, while alerts still wait for their turn.

#include "rule_table.h"

#include "hsbench.h"
#include "match/snort/snort_text.h"
#include "rule_class.h"
#include "rule_reference.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Writes /regex/flags, shortened, with its NUL; returns the octets. `to` NULL: only counts them.
static size_t print_pattern(const struct pattern *p, char *to, size_t room) {
	char flags[HSBENCH_FLAGS_MAX];
	size_t len = strlen(p->regex), shown = len;
	hsbench_print_flags(p->flags, flags);
	if (len > RULE_TABLE_TEXT_MAX) {
		shown = RULE_TABLE_TEXT_MAX;
		// Not within a UTF-8 sequence.
		while (shown > 0 && (p->regex[shown] & 0xc0) == 0x80)
			shown--;
	}
	int n = snprintf(
		to, room, "/%.*s%s/%s", (int)shown, p->regex, shown < len ? "..." : "", flags
	);
	return (size_t)n + 1;
}

static int add_pattern(struct rule_table *t, const struct pattern *p) {
	size_t room = print_pattern(p, NULL, 0);
	char *text = snort_arena_take(&t->arena, room);
	if (text == NULL)
		return -ENOMEM;
	print_pattern(p, text, room);
	t->info[t->n++] = (struct rule_info){
		.gid = 1,
		.sid = p->id,
		.severity = RULE_SEVERITY_DEFAULT,
		.signature = text,
		.category = "",
	};
	return 0;
}

static int copy(struct rule_table *t, const char *text, const char **to) {
	if (text == NULL)
		return 0;
	*to = snort_arena_copy(&t->arena, (struct snort_text){text, text + strlen(text)});
	return *to == NULL ? -ENOMEM : 0;
}

static int add_class(struct rule_table *t, struct rule_info *info, const struct snort_rule *r) {
	const struct rule_class *class = r->classtype != NULL ? rule_class_find(r->classtype)
							      : NULL;
	int ret = 0;
	if (class != NULL) {
		info->category = class->category;
		info->severity = class->severity;
	} else {
		ret = copy(t, r->classtype, &info->category);
	}
	if (r->priority != 0)
		info->severity = (uint8_t)r->priority;
	return ret;
}

static int
add_references(struct rule_table *t, struct rule_info *info, const struct snort_rule *r) {
	if (r->n_references == 0)
		return 0;
	const char **urls = snort_arena_take(&t->arena, r->n_references * sizeof(*urls));
	if (urls == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->n_references; i++) {
		size_t room = rule_reference_print(r->references[i], NULL, 0) + 1;
		char *url = snort_arena_take(&t->arena, room);
		if (url == NULL)
			return -ENOMEM;
		rule_reference_print(r->references[i], url, room);
		urls[i] = url;
	}
	info->references = urls;
	info->n_references = r->n_references;
	return 0;
}

struct pair {
	struct snort_text key, value;
};

static bool same(struct snort_text a, struct snort_text b) {
	size_t len = snort_text_len(a);
	return len == snort_text_len(b) && memcmp(a.at, b.at, len) == 0;
}

// `key value, key value`: what has no value says nothing. Those of one key are put together.
static uint32_t read_pairs(const char *text, struct pair pairs[RULE_TABLE_METADATA_MAX]) {
	struct snort_text rest = {text, text + strlen(text)}, piece;
	uint32_t n = 0;
	while (n < RULE_TABLE_METADATA_MAX && snort_text_next(&rest, ',', &piece)) {
		struct pair p = {.value = piece};
		if (!snort_text_next_word(&p.value, &p.key) || p.value.at == p.value.end)
			continue;
		uint32_t at = n;
		while (at > 0 && !same(pairs[at - 1].key, p.key))
			at--;
		at = at > 0 ? at : n;
		memmove(&pairs[at + 1], &pairs[at], (n - at) * sizeof(*pairs));
		pairs[at] = p;
		n++;
	}
	return n;
}

static int add_metadata(struct rule_table *t, struct rule_info *info, const struct snort_rule *r) {
	struct pair pairs[RULE_TABLE_METADATA_MAX];
	uint32_t n = r->metadata != NULL ? read_pairs(r->metadata, pairs) : 0;
	if (n == 0)
		return 0;
	struct rule_metadata *list = snort_arena_take(&t->arena, n * sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		list[i].key = snort_arena_copy(&t->arena, pairs[i].key);
		list[i].value = snort_arena_copy(&t->arena, pairs[i].value);
		if (list[i].key == NULL || list[i].value == NULL)
			return -ENOMEM;
	}
	info->metadata = list;
	info->n_metadata = n;
	return 0;
}

static_assert((int)RULE_THRESHOLD_NONE == (int)SNORT_THRESHOLD_NONE);
static_assert((int)RULE_THRESHOLD_LIMIT == (int)SNORT_THRESHOLD_LIMIT);
static_assert((int)RULE_THRESHOLD_EVERY == (int)SNORT_THRESHOLD_THRESHOLD);
static_assert((int)RULE_THRESHOLD_BOTH == (int)SNORT_THRESHOLD_BOTH);
static_assert((int)RULE_THRESHOLD_FILTER == (int)SNORT_THRESHOLD_FILTER);
static_assert((int)RULE_BY_SRC == (int)SNORT_BY_SRC && (int)RULE_BY_DST == (int)SNORT_BY_DST);
static_assert((int)RULE_BY_BOTH == (int)SNORT_BY_BOTH && (int)RULE_BY_RULE == (int)SNORT_BY_RULE);
static_assert((int)RULE_BY_FLOW == (int)SNORT_BY_FLOW);

static int add_rule(struct rule_table *t, const struct snort_rule *r) {
	struct rule_info *info = &t->info[t->n++];
	*info = (struct rule_info){
		.gid = r->gid,
		.sid = r->sid,
		.rev = r->rev,
		.severity = RULE_SEVERITY_DEFAULT,
		.noalert = r->noalert,
		.threshold =
			{
				.type = (uint8_t)r->threshold.type,
				.track = (uint8_t)r->threshold.track,
				.count = r->threshold.count,
				.seconds = r->threshold.seconds,
			},
		.signature = "",
		.category = "",
	};
	int ret = copy(t, r->msg, &info->signature);
	if (ret == 0)
		ret = add_class(t, info, r);
	if (ret == 0)
		ret = add_references(t, info, r);
	return ret == 0 ? add_metadata(t, info, r) : ret;
}

int rule_table_init(
	struct rule_table *t, const struct ruleset *patterns, const struct snort_rules *rules
) {
	uint32_t n_patterns = patterns != NULL ? patterns->n_patterns : 0;
	uint32_t n_rules = rules != NULL ? rules->n_rules : 0;
	*t = (struct rule_table){};
	t->info = calloc((size_t)n_patterns + n_rules + 1, sizeof(*t->info));
	int ret = t->info == NULL ? -ENOMEM : 0;
	for (uint32_t i = 0; ret == 0 && i < n_patterns; i++)
		ret = add_pattern(t, &patterns->patterns[i]);
	for (uint32_t i = 0; ret == 0 && i < n_rules; i++)
		ret = add_rule(t, &rules->rules[i]);
	if (ret < 0)
		rule_table_fini(t);
	return ret;
}

void rule_table_fini(struct rule_table *t) {
	free(t->info);
	snort_arena_fini(&t->arena);
	*t = (struct rule_table){};
}
