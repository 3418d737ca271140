// The rule sets that people have, Emerging Threats and Snort community, as streams: how many of
// their TCP rules have a plan and why others have none, against a golden file; and that the plans
// match what the reference says, on streams made from the rules' own contents and expressions. They
// lie beside the project or the tests are skipped.

#include "match/stream/stream_plan_regex.h"
#include "match/stream/stream_plan_text.h"

#include "dice.h"
#include "rule_reference.h"
#include "rule_sets.h"
#include "stream_plan_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_MAX 20000u
#define STREAMS 12u
#define GROUPS 64u

static uint64_t dice = 0x9e3779b97f4a7c15;

static uint32_t draw(uint32_t n) {
	return dice_draw(&dice, n);
}

// A stream that a rule may match, as it is made.
struct bait {
	uint8_t octets[STREAM_MAX];
	uint32_t len;
};

static void put(struct bait *b, uint8_t octet) {
	if (b->len < STREAM_MAX)
		b->octets[b->len++] = octet;
}

static void put_any(struct bait *b, uint32_t n) {
	static const char common[] = "aeiou xyz019:/=.-_\"'()\r\n\t|";
	for (; n > 0; n--)
		put(b, (uint8_t)common[draw(sizeof(common) - 1)]);
}

static void put_content(struct bait *b, const struct snort_content *c) {
	bool spoil = draw(40) == 0;
	if ((c->flags & SNORT_NEGATED) && draw(6) != 0)
		return;
	if (c->distance > 0)
		put_any(b, (uint32_t)c->distance - (draw(20) == 0));
	if (c->distance < 0 && (uint32_t)-c->distance <= b->len)
		b->len -= (uint32_t)-c->distance;
	if (!(c->flags & SNORT_WITHIN) || c->within > c->len)
		put_any(b, draw(3) == 0 ? draw(8) : 0);
	for (uint32_t i = 0; i < c->len; i++) {
		uint8_t octet = c->octets[i];
		bool letter = (octet | 0x20) >= 'a' && (octet | 0x20) <= 'z';
		if (letter && (c->flags & SNORT_NOCASE) && draw(2))
			octet ^= 0x20;
		put(b, spoil && i == c->len / 2 ? octet ^ 1 : octet);
	}
}

// The first octet from a random one on that is in the set.
static uint8_t pick(const struct octet_set *set) {
	unsigned octet = draw(4) == 0 ? draw(256) : 0x30 + draw(0x4b);
	while (!octet_set_has(set, (uint8_t)octet))
		octet++;
	return (uint8_t)octet;
}

static void put_match(struct bait *b, const struct regex_node *n) {
	const struct regex_node *c = n->first_child;
	if (n->kind == REGEX_SET)
		put(b, pick(&n->set));
	for (; n->kind == REGEX_CAT && c != NULL; c = c->next)
		put_match(b, c);
	if (n->kind == REGEX_ALT) {
		while (c->next != NULL && draw(2))
			c = c->next;
		put_match(b, c);
	}
	if (n->kind == REGEX_REPEAT) {
		uint32_t more = n->hi - n->lo < 4 ? n->hi - n->lo : 4;
		for (uint32_t times = n->lo + draw(more + 1); times > 0; times--)
			put_match(b, c);
	}
}

static void put_pcre(struct bait *b, const struct snort_pcre *pcre) {
	struct snort_arena arena = {};
	struct snort_fault fault;
	struct regex_node *root;
	if ((pcre->flags & SNORT_PCRE_NEGATED) && draw(6) != 0)
		return;
	if (regex_parse(pcre, &arena, &root, &fault) == 0)
		put_match(b, root);
	snort_arena_fini(&arena);
}

static void make(struct bait *b, const struct snort_rule *rule) {
	b->len = 0;
	put_any(b, draw(3) == 0 ? draw(20) : 0);
	if (draw(3) == 0)
		put(b, '\n');
	for (uint32_t i = 0; i < rule->n_tests; i++) {
		const struct snort_test *t = &rule->tests[i];
		if (draw(30) == 0)
			continue;
		if (t->kind == SNORT_TEST_CONTENT)
			put_content(b, &t->content);
		else if (t->kind == SNORT_TEST_PCRE)
			put_pcre(b, &t->pcre);
		else if (!t->isdataat.negated && i + 1 == rule->n_tests)
			put_any(b, t->isdataat.offset - (draw(4) == 0));
	}
	put_any(b, draw(2) ? draw(30) : 0);
	if (draw(8) == 0)
		put_any(b, 1100);
}

// Whether the rule matches anywhere in the stream, cut at random.
static bool scan(struct plan_rig *g, const struct bait *b) {
	hs_stream_t *stream;
	uint32_t most = 1 + draw(draw(2) ? 8 : 300);
	g->state = (struct stream_state){};
	g->fires = false;
	cr_assert_eq(hs_open_stream(g->db, 0, &stream), HS_SUCCESS);
	for (uint32_t at = 0, n; at < b->len; at += n) {
		n = 1 + draw(most);
		n = n < b->len - at ? n : b->len - at;
		hs_scan_stream(
			stream, (const char *)b->octets + at, n, 0, g->scratch, plan_rig_event, g
		);
	}
	hs_close_stream(stream, g->scratch, plan_rig_event, g);
	return g->fires || stream_plan_end(g->plan, &g->state);
}

struct tally {
	uint32_t tcp, over_streams, plans, plain, negated, pieces, matched, missed;
	struct {
		const char *group;
		uint32_t n;
	} without[GROUPS];
	uint32_t n_groups;
};

static void
try_plan(struct tally *t, const struct snort_rule *rule, const struct stream_plan *plan) {
	struct plan_rig rig;
	struct rule_reference *reference = rule_reference_new(rule);
	struct bait *bait = calloc(1, sizeof(*bait));
	cr_assert_not_null(reference, "sid %u", rule->sid);
	plan_rig_open(&rig, plan);
	cr_assert_not_null(rig.db, "sid %u: %s", rule->sid, rig.refusal);
	for (uint32_t i = 0; i < STREAMS; i++) {
		make(bait, rule);
		enum rule_reference_verdict want = rule_reference_judge(
			reference, bait->octets, bait->len
		);
		if (want == RULE_UNKNOWN || bait->len == 0)
			continue;
		bool got = scan(&rig, bait);
		cr_assert_eq(
			got, want == RULE_HOLDS, "sid %u: %d, expected %d, on %.*s", rule->sid, got,
			want, (int)bait->len, bait->octets
		);
		t->matched += got;
		t->missed += !got;
	}
	plan_rig_close(&rig);
	free(bait);
	rule_reference_free(reference);
}

static void count_refusal(struct tally *t, const char *group) {
	uint32_t i = 0;
	while (i < t->n_groups && strcmp(t->without[i].group, group) != 0)
		i++;
	cr_assert_lt(i, GROUPS, "reasons are few");
	if (i == t->n_groups)
		t->without[t->n_groups++].group = group;
	t->without[i].n++;
}

static void try_rule(struct tally *t, const struct snort_rule *rule) {
	struct stream_plan *plan;
	struct snort_fault fault = {};
	t->tcp += (rule->protos & SNORT_TCP) != 0;
	if (!(rule->protos & SNORT_TCP) || rule->per_packet)
		return;
	t->over_streams++;
	if (stream_plan_from_rule(rule, &plan, &fault) < 0) {
		count_refusal(t, fault.group);
		return;
	}
	t->plans++;
	t->plain += stream_plan_is_plain(plan);
	t->negated += plan->unwanted != 0;
	t->pieces += plan->n_pieces;
	try_plan(t, rule, plan);
	stream_plan_free(plan);
}

static int by_count(const void *a, const void *b) {
	const typeof(((struct tally *)0)->without[0]) *x = a, *y = b;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->group, y->group);
}

static char *report(struct tally *t) {
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	fprintf(f, "%7u  TCP\n%7u  over streams\n%7u  with a plan\n", t->tcp, t->over_streams,
		t->plans);
	fprintf(f, "%7u  of one term\n%7u  with negated terms\n%7u  expressions\n", t->plain,
		t->negated, t->pieces);
	fprintf(f, "%7u  without\n", t->over_streams - t->plans);
	qsort(t->without, t->n_groups, sizeof(t->without[0]), by_count);
	for (uint32_t i = 0; i < t->n_groups; i++)
		fprintf(f, "%7u  %s\n", t->without[i].n, t->without[i].group);
	fclose(f);
	return text;
}

static void try_set(const char *set) {
	char golden[64];
	struct snort_rules rs = {};
	struct tally t = {};
	rule_set_read(set, &rs);
	for (uint32_t i = 0; i < rs.n_rules; i++)
		try_rule(&t, &rs.rules[i]);
	char *got = report(&t);
	snprintf(golden, sizeof(golden), "%s-streams.txt", set);
	rule_set_expect(golden, got);
	cr_expect_gt(
		t.matched * 3, t.plans * STREAMS, "%u streams match, %u do not", t.matched, t.missed
	);
	cr_expect_gt(t.missed * 20, t.plans * STREAMS, "%u streams do not match", t.missed);
	free(got);
	snort_rules_fini(&rs);
}

Test(stream_plan_data, emerging_threats_rules_match_streams) {
	try_set("et-open-2025");
}

Test(stream_plan_data, snort_community_rules_match_streams) {
	try_set("snort-community-2017");
}
