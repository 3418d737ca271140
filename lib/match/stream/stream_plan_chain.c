// Begins chains and adds to them what does not multiply branches.

#include "stream_plan_chain.h"

#include "stream_plan_facts.h"
#include "stream_plan_text.h"

#include <errno.h>

int plan_chain_begin(struct plan_chain *c, bool at_start) {
	struct plan_branch *b = &c->branches[0];
	*b = (struct plan_branch){};
	plan_ahead_init(&b->ahead);
	c->n = 1;
	c->open = true;
	c->vague = c->greedy = false;
	// A stream without octets is none, so at its start there is one to follow.
	c->need = at_start;
	if (!at_start)
		return 0;
	return plan_branch_add(b, c->arena, (struct plan_link){.kind = PLAN_LINK_START});
}

int plan_chain_settle(struct plan_chain *c) {
	if (c->vague && !c->greedy)
		return snort_refuse(
			c->fault, PLAN_VAGUE,
			"a test is relative to a pcre that may end at several places"
		);
	// Nothing else is asked of what follows an expression, so there is room for it.
	for (uint32_t i = 0; c->greedy && i < c->n; i++)
		plan_ahead_restrict(&c->branches[i].ahead, 0, 1, octet_set_not(c->run));
	c->vague = c->greedy = false;
	return 0;
}

void plan_chain_push_need(struct plan_chain *c) {
	for (uint32_t i = 0; i < c->n; i++) {
		struct plan_branch *b = &c->branches[i];
		if (c->need > b->back && c->need - b->back > b->ahead.need)
			b->ahead.need = c->need - b->back;
	}
	c->need = 0;
}

int plan_chain_need(struct plan_chain *c, uint32_t n) {
	if (n > c->need)
		c->need = n;
	return plan_chain_settle(c);
}

int plan_chain_limit(struct plan_chain *c, uint32_t n) {
	uint32_t kept = 0;
	int ret = plan_chain_settle(c);
	if (ret < 0)
		return ret;
	for (uint32_t i = 0; i < c->n; i++) {
		struct plan_branch *b = &c->branches[i];
		if (n < b->back)
			continue; // there are more already
		if (n - b->back < b->ahead.most)
			b->ahead.most = n - b->back;
		c->branches[kept++] = *b;
	}
	c->n = kept;
	if (kept == 0 || c->need > n)
		return snort_refuse(c->fault, PLAN_NEVER, "isdataat or endswith leaves no room");
	return 0;
}

// Whether a \b at the very start of an expression sees the same with and without the octet ahead:
// it does when that is no letter of a word.
static bool is_behind_a_word(const struct plan_branch *b) {
	struct octet_set word = octet_set_or(
		octet_set_fold(octet_set_range('a', 'z')),
		octet_set_or(octet_set_range('0', '9'), octet_set_of('_', false))
	);
	if (b->root == PLAN_ROOT_START && b->cells == 0)
		return false;
	return b->cells == 0 || octet_set_meet(b->last->set, word);
}

static int check_match(struct plan_chain *c, const struct regex_node *root, uint32_t others) {
	static const char group[] = "stream: relative pcre";
	if (others > 0)
		return snort_refuse(
			c->fault, group, "pcre: a ^ beside others in a relative expression"
		);
	for (uint32_t i = 0; i < c->n; i++) {
		const struct plan_branch *b = &c->branches[i];
		if (b->back > 0)
			return snort_refuse(
				c->fault, group, "pcre: relative to a content within another"
			);
		if (!plan_ahead_is_idle(&b->ahead) || b->ahead.need > 0)
			return snort_refuse(
				c->fault, group,
				"pcre: relative, behind what says which octets follow"
			);
		if (root->edge_first && b->last != NULL && is_behind_a_word(b))
			return snort_refuse(
				c->fault, group, "pcre: \\b at the start of a relative expression"
			);
	}
	return 0;
}

// `need` where an expression of at least `min` octets comes next, anywhere behind or (`bound`) only
// at some places there.
static int meet_need(struct plan_chain *c, uint32_t min, bool bound) {
	if (c->need <= min) {
		c->need = 0;
		return 0;
	}
	if (bound)
		return snort_refuse(
			c->fault, "stream: isdataat among others",
			"isdataat: an anchored pcre behind it may end sooner"
		);
	return plan_chain_split(c);
}

int plan_chain_match(struct plan_chain *c, struct regex_node *root, bool anchored) {
	const struct plan_link gap = {.kind = PLAN_LINK_SET, .set = OCTET_SET_ANY, .hi = PLAN_OPEN};
	const struct plan_link lines = {.kind = PLAN_LINK_LINES};
	bool line, relative = c->branches[0].last != NULL;
	int ret = plan_chain_settle(c);
	if (ret < 0)
		return ret;
	if (root->min == 0)
		return snort_refuse(
			c->fault, "pcre: empty match",
			"pcre: it also matches where there is nothing"
		);
	if (relative && regex_is_anchored(root, &line)) {
		regex_drop_anchors(root);
		line = line && !anchored;
		anchored = !line;
	} else {
		line = false;
	}
	ret = check_match(c, root, relative ? root->anchors : 0);
	if (ret == 0)
		ret = meet_need(c, root->min, anchored || line);
	for (uint32_t i = 0; ret == 0 && i < c->n; i++) {
		struct plan_branch *b = &c->branches[i];
		if (relative && !anchored)
			ret = plan_branch_add(b, c->arena, line ? lines : gap);
		if (ret == 0)
			ret = plan_branch_add(
				b, c->arena,
				(struct plan_link){.kind = PLAN_LINK_REGEX, .regex = root}
			);
	}
	c->vague = !root->certain;
	c->greedy = c->vague && regex_ends_greedily(root, &c->run);
	return ret;
}
