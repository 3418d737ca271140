// Goes through a rule's tests in order: what is relative goes on with the chain, what is not begins
// another.

#include "stream_plan.h"

#include "match/snort/snort_rule.h"
#include "stream_plan_build.h"
#include "stream_plan_chain.h"
#include "stream_plan_regex.h"
#include "stream_plan_text.h"

#include <errno.h>
#include <stdlib.h>

#define STREAM "stream: "

// What looks at a packet, and what reads numbers. The group names the keyword behind STREAM.
static int refuse_keyword(struct snort_fault *fault, const char *group) {
	return snort_refuse(
		fault, group, "%s: cannot be told from a stream that is not kept",
		group + sizeof(STREAM) - 1
	);
}

static int
word_of(struct plan_chain *c, const struct snort_content *content, struct plan_word *word) {
	struct octet_set *cells = snort_arena_take(c->arena, content->len * sizeof(*cells));
	if (cells == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < content->len; i++)
		cells[i] = octet_set_of(content->octets[i], (content->flags & SNORT_NOCASE) != 0);
	*word = (struct plan_word){.cells = cells, .len = content->len};
	return 0;
}

// Ends the chain that is open, if one is.
static int close_chain(struct plan_chain *c) {
	return c->open ? plan_chain_finish(c, false) : 0;
}

// Begins a chain of its own beside the one that is open. Free *alone, whatever is returned.
static int begin_alone(const struct plan_chain *c, bool anchored, struct plan_chain **alone) {
	*alone = malloc(sizeof(**alone));
	if (*alone == NULL)
		return -ENOMEM;
	(*alone)->arena = c->arena;
	(*alone)->fault = c->fault;
	(*alone)->plan = c->plan;
	return plan_chain_begin(*alone, anchored);
}

// A chain of a word or an expression that nothing is relative to. `root` or else `word`.
static int add_alone(
	struct plan_chain *c, struct regex_node *root, bool anchored, struct plan_word word,
	bool at_end, bool negated
) {
	struct plan_chain *alone;
	int ret = begin_alone(c, anchored, &alone);
	if (ret == 0)
		ret = root != NULL ? plan_chain_match(alone, root, anchored)
				   : plan_chain_place(alone, word, 0, 0);
	if (ret == 0 && at_end)
		ret = plan_chain_limit(alone, 0);
	if (ret == 0)
		ret = plan_chain_finish(alone, negated);
	free(alone);
	return ret;
}

static int check_content(struct plan_chain *c, const struct snort_content *content) {
	if (content->flags & SNORT_STARTSWITH)
		return refuse_keyword(c->fault, STREAM "startswith");
	if (content->flags & SNORT_OFFSET)
		return refuse_keyword(c->fault, STREAM "offset");
	if (content->flags & SNORT_DEPTH)
		return refuse_keyword(c->fault, STREAM "depth");
	return 0;
}

static int add_content(struct plan_chain *c, const struct snort_content *content) {
	bool relative = (content->flags & (SNORT_DISTANCE | SNORT_WITHIN)) != 0;
	bool negated = (content->flags & SNORT_NEGATED) != 0;
	bool at_end = (content->flags & SNORT_ENDSWITH) != 0;
	struct plan_word word;
	int ret = check_content(c, content);
	if (ret == 0)
		ret = word_of(c, content, &word);
	if (ret < 0)
		return ret;
	if ((negated && !relative) || (content->flags & SNORT_FAST_PATTERN_ONLY))
		return add_alone(c, NULL, false, word, at_end, negated);
	if (!relative) {
		ret = close_chain(c);
		if (ret == 0)
			ret = plan_chain_begin(c, false);
		if (ret == 0)
			ret = plan_chain_place(c, word, 0, 0);
	} else {
		int64_t lo = content->distance;
		int64_t hi = content->flags & SNORT_WITHIN ? lo + content->within - word.len
							   : PLAN_FAR;
		if (!c->open)
			ret = plan_chain_begin(c, true);
		if (ret == 0 && negated && at_end)
			return refuse_keyword(c->fault, STREAM "negated endswith");
		if (ret == 0)
			ret = negated ? plan_chain_forbid(c, word, lo, hi)
				      : plan_chain_place(c, word, lo, hi);
	}
	return ret == 0 && at_end ? plan_chain_limit(c, 0) : ret;
}

static int add_pcre(struct plan_chain *c, const struct snort_pcre *pcre) {
	bool anchored = (pcre->flags & SNORT_PCRE_ANCHORED) != 0;
	// With nothing ahead, relative is from the start, like others.
	bool relative = c->open && (pcre->flags & SNORT_PCRE_RELATIVE);
	struct regex_node *root;
	int ret = regex_parse(pcre, c->arena, &root, c->fault);
	if (ret < 0)
		return ret;
	if ((pcre->flags & SNORT_PCRE_NEGATED) && relative)
		return refuse_keyword(c->fault, STREAM "negated relative pcre");
	if (pcre->flags & SNORT_PCRE_NEGATED)
		return add_alone(c, root, anchored, (struct plan_word){}, false, true);
	if (!relative) {
		ret = close_chain(c);
		if (ret == 0)
			ret = plan_chain_begin(c, anchored);
	}
	return ret < 0 ? ret : plan_chain_match(c, root, anchored);
}

// From the stream's start: there are more than `offset` octets.
static int add_size(struct plan_chain *c, const struct snort_isdataat *is) {
	struct plan_chain *alone;
	int ret = begin_alone(c, true, &alone);
	if (ret == 0)
		ret = plan_chain_need(alone, is->offset + 1);
	if (ret == 0)
		ret = plan_chain_finish(alone, is->negated);
	free(alone);
	return ret;
}

static int add_isdataat(struct plan_chain *c, const struct snort_isdataat *is) {
	int ret = 0;
	if (!is->relative)
		return add_size(c, is);
	if (!c->open)
		ret = plan_chain_begin(c, true);
	if (ret < 0)
		return ret;
	if (!is->negated)
		return plan_chain_need(c, is->offset);
	if (is->offset == 0)
		return snort_refuse(
			c->fault, PLAN_NEVER, "isdataat:!0,relative: nothing is less than none"
		);
	return plan_chain_limit(c, is->offset - 1);
}

static int add_test(struct plan_chain *c, const struct snort_test *test) {
	switch (test->kind) {
	case SNORT_TEST_CONTENT:
		return add_content(c, &test->content);
	case SNORT_TEST_PCRE:
		return add_pcre(c, &test->pcre);
	case SNORT_TEST_ISDATAAT:
		return add_isdataat(c, &test->isdataat);
	case SNORT_TEST_BYTE_TEST:
		return refuse_keyword(c->fault, STREAM "byte_test");
	case SNORT_TEST_BYTE_JUMP:
		return refuse_keyword(c->fault, STREAM "byte_jump");
	}
	return -EINVAL;
}

static int check_rule(const struct snort_rule *rule, struct snort_fault *fault) {
	if (!(rule->protos & SNORT_TCP))
		return snort_refuse(fault, "stream: not TCP", "the rule is not about TCP");
	if (rule->dsize.given)
		return refuse_keyword(fault, STREAM "dsize");
	if (rule->bsize.given)
		return refuse_keyword(fault, STREAM "bsize");
	if (rule->flags.mode != SNORT_FLAGS_NONE)
		return refuse_keyword(fault, STREAM "flags");
	if (rule->n_tests == 0)
		return snort_refuse(
			fault, "stream: no content", "the rule looks for nothing in the payload"
		);
	return 0;
}

int stream_plan_from_rule(
	const struct snort_rule *rule, struct stream_plan **plan, struct snort_fault *fault
) {
	struct snort_arena arena = {};
	struct plan_chain *c = NULL;
	*plan = NULL;
	int ret = check_rule(rule, fault);
	if (ret < 0)
		return ret;
	ret = -ENOMEM;
	*plan = stream_plan_new();
	c = calloc(1, sizeof(*c));
	if (*plan == NULL || c == NULL)
		goto out;
	c->arena = &arena;
	c->fault = fault;
	c->plan = *plan;
	ret = 0;
	for (uint32_t i = 0; ret == 0 && i < rule->n_tests; i++)
		ret = add_test(c, &rule->tests[i]);
	if (ret == 0)
		ret = close_chain(c);
	for (uint32_t i = 0; ret == 0 && i < (*plan)->n_pieces; i++) {
		(*plan)->pieces[i].pattern.file = rule->file;
		(*plan)->pieces[i].pattern.line = rule->line;
	}
out:
	if (ret < 0) {
		stream_plan_free(*plan);
		*plan = NULL;
	}
	free(c);
	snort_arena_fini(&arena);
	return ret;
}
