// Rules of waiting alerts in checkpoints: what a record shows of them is the same afterwards, however much they
// have to say, and octets that nobody saved make no rule.

#include "export/alert_rules.h"

#include "alert_help.h"
#include "base/state_buffer.h"
#include "export/export_state.h"
#include "export/record_eve.h"

#include <errno.h>
#include <stdlib.h>

#define LIST_MAX 100

static struct rule_metadata metadata[LIST_MAX];
static const char *references[LIST_MAX];
static char pool[1 << 20];
static size_t pooled;
static struct err err;

static const char *text(size_t most) {
	static const char *const some[] = {"a",    "policy ", "\xc3\xa4",  "\xe2\x82\xac",
					   "\xff", "\"",      "0123456789"};
	char *to = pool + pooled;
	size_t len = 0, wanted = (size_t)rand() % (most + 1);
	while (len < wanted) {
		const char *s = some[(size_t)rand() % (sizeof(some) / sizeof(some[0]))];
		memcpy(to + len, s, strlen(s) + 1);
		len += strlen(s);
	}
	to[len] = '\0';
	pooled += len + 1;
	cr_assert_lt(pooled, sizeof(pool));
	return to;
}

static struct rule_info any_rule(size_t most) {
	pooled = 0;
	struct rule_info r = {
		.gid = (uint32_t)rand(),
		.sid = (uint32_t)rand(),
		.rev = (uint32_t)rand(),
		.severity = (uint8_t)rand(),
		.threshold = {RULE_THRESHOLD_BOTH, RULE_BY_BOTH, 5, 60},
		.signature = text(most),
		.category = text(most),
		.metadata = metadata,
		.references = references,
		.n_metadata = (uint32_t)rand() % LIST_MAX,
		.n_references = (uint32_t)rand() % LIST_MAX,
	};
	for (uint32_t i = 0; i < r.n_metadata; i++) {
		metadata[i].key = i > 0 && rand() % 2 ? metadata[i - 1].key : text(most);
		metadata[i].value = text(most);
	}
	for (uint32_t i = 0; i < r.n_references; i++)
		references[i] = text(most);
	return r;
}

static const char *print(const struct rule_info *rule, char *line) {
	static const struct eve_ifaces none;
	struct alert a = make_alert(rule, 5, "10.0.0.1", "10.0.0.2");
	line[record_eve(line, &none, &a)] = '\0';
	return line;
}

static struct state_chunk *save(const struct rule_info *rule) {
	struct state_buffer b;
	state_buffer_init(&b, 1 << 20);
	cr_assert(alert_rules_save(rule, &b.writer));
	return state_buffer_take(&b);
}

static int load(struct alert_rules *rules, const struct state_chunk *chunk) {
	struct state_record r;
	uint32_t at = 0;
	if (state_next(chunk->octets, chunk->used, &at, &r) != 1 || r.kind != STATE_ALERT_RULE)
		return -EBADMSG;
	return alert_rules_load(rules, &r, &err);
}

Test(alert_rules, records_of_them_are_the_same_as_before) {
	static char before[RECORD_EVE_MAX + 1], after[RECORD_EVE_MAX + 1];
	struct alert_rules rules = {0};
	srand(3);
	for (int i = 0; i < 300; i++) {
		struct rule_info r = any_rule(i % 3 == 0 ? 3000 : i % 3 == 1 ? 60 : 3);
		struct state_chunk *chunk = save(&r);
		cr_assert_eq(load(&rules, chunk), 0, "%s", err.text);
		const struct rule_info *got = rules.rule[rules.n - 1];
		cr_assert_str_eq(print(got, after), print(&r, before));
		cr_expect_eq(got->threshold.type, r.threshold.type);
		cr_expect_eq(got->threshold.track, r.threshold.track);
		cr_expect_eq(got->threshold.count, r.threshold.count);
		cr_expect_eq(got->threshold.seconds, r.threshold.seconds);
		state_chunks_free(chunk);
	}
	cr_expect_eq(rules.n, 300);
	alert_rules_fini(&rules);
}

Test(alert_rules, octets_that_nobody_saved_are_refused_or_harmless) {
	static char line[RECORD_EVE_MAX + 1];
	struct alert_rules rules = {0};
	uint32_t refused = 0;
	srand(4);
	for (int i = 0; i < 3000; i++) {
		struct rule_info r = any_rule(20);
		struct state_chunk *chunk = save(&r);
		for (int k = rand() % 4; k >= 0; k--)
			chunk->octets
				[8
				 + rand() % (int)(chunk->used - 8)
					 % (i % 2 ? 64 : 1 << 18)] ^= (uint8_t)(1 << rand() % 8);
		int ret = load(&rules, chunk);
		cr_assert(ret == 0 || ret == -EBADMSG);
		refused += ret < 0;
		if (ret == 0)
			print(rules.rule[rules.n - 1], line);
		state_chunks_free(chunk);
	}
	cr_expect_gt(refused, 500);
	cr_expect_gt(rules.n, 100);
	alert_rules_fini(&rules);
}
